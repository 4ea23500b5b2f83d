"""Which of Graph's delegated permissions a person may consent to alone, and which a personal account can have."""

from __future__ import annotations

_WITHOUT_AN_ADMINISTRATOR = """
Acronym.Read.All AgentRegistration.Read.All AiEnterpriseInteraction.Read Analytics.Read AppCatalog.Read.All
AppCatalog.Submit ApprovalSolution.Read ApprovalSolution.ReadWrite ApprovalSolutionResponse.ReadWrite
AttackSimulation.ReadWrite.All Bookings.Manage.All Bookings.Read.All Bookings.ReadWrite.All
BookingsAppointment.ReadWrite.All Bookmark.Read.All BrowserSiteLists.Read.All BrowserSiteLists.ReadWrite.All
Calendars.Read Calendars.Read.Shared Calendars.ReadWrite Calendars.ReadWrite.Shared CallDelegation.Read
CallDelegation.ReadWrite ChangeManagement.Read.All Channel.ReadBasic.All ChannelMember.ReadWrite ChannelMessage.Edit
ChannelMessage.Send Chat.Create Chat.Read Chat.ReadBasic Chat.ReadWrite Chat.ReadWrite.All ChatMessage.Read
ChatMessage.Send CloudApp-Discovery.Read.All CloudPC.Read.All ConsentRequest.Read Contacts.Read Contacts.Read.Shared
Contacts.ReadWrite Contacts.ReadWrite.Shared CopilotPackages.Read.All CopilotTools.Read.All Device.Command Device.Read
DeviceTemplate.Create EAS.AccessAsUser.All EWS.AccessAsUser.All EduRoster.Write EngagementRole.Read
EntitlementMgmt-SubjectAccess.ReadWrite Family.Read Files.Read Files.Read.All Files.Read.Selected Files.ReadWrite
Files.ReadWrite.All Files.ReadWrite.AppFolder Files.ReadWrite.Selected Files.SelectedOperations.Selected
Financials.ReadWrite.All IMAP.AccessAsUser.All IndustryData.ReadBasic.All InformationProtectionPolicy.Read
LearningAssignedCourse.Read LearningSelfInitiatedCourse.Read LicenseAssignment.Read.All
LicenseAssignment.ReadWrite.All LifeCycleInfo.Read.All LifeCycleInfo.ReadWrite.All Mail.Read Mail.Read.Shared
Mail.ReadBasic Mail.ReadBasic.Shared Mail.ReadWrite Mail.ReadWrite.Shared Mail.Send Mail.Send.Shared
MailTips.ReadBasic.Shared MailboxConfigItem.Read MailboxConfigItem.ReadWrite MailboxFolder.Read
MailboxFolder.ReadWrite MailboxItem.ImportExport MailboxItem.Read MailboxSettings.Read MailboxSettings.ReadWrite
MultiTenantOrganization.ReadBasic.All NetworkAccessBranch.Read.All NetworkAccessPolicy.Read.All Notes.Create
Notes.Read Notes.Read.All Notes.ReadWrite Notes.ReadWrite.All Notes.ReadWrite.CreatedByApp
Notifications.ReadWrite.CreatedByApp OnlineMeetingArtifact.Read.All OnlineMeetings.Read OnlineMeetings.ReadWrite
OrgContact.Read POP.AccessAsUser.All People.Read Policy.Read.ConditionalAccess Presence.Read Presence.Read.All
Presence.ReadWrite PrintJob.Create PrintJob.Read PrintJob.ReadBasic PrintJob.ReadWrite PrintJob.ReadWriteBasic
PrinterShare.Read.All PrinterShare.ReadBasic.All QnA.Read.All ResourceSpecificPermissionGrant.ReadForChat
ResourceSpecificPermissionGrant.ReadForTeam SMTP.Send SecurityCopilotWorkspaces.Read.All
SecurityCopilotWorkspaces.ReadWrite.All SensitivityLabel.Read ShortNotes.Read ShortNotes.ReadWrite Sites.Manage.All
Sites.Read.All Sites.ReadWrite.All Sites.Selected Tasks.Read Tasks.Read.Shared Tasks.ReadWrite Tasks.ReadWrite.Shared
Team.Create Team.ReadBasic.All TeamTemplates.Read TeamsActivity.Read TeamsActivity.Send
TeamsAppInstallation.ReadForChat TeamsAppInstallation.ReadForUser TeamsAppInstallation.ReadWriteSelfForUser
TeamsTab.ReadWriteForUser TeamsTab.ReadWriteSelfForUser TeamworkAppSettings.Read.All TeamworkCustomEmoji.Create
TeamworkCustomEmoji.Read TeamworkSection.Read TeamworkSection.ReadWrite ThreatSubmission.Read
ThreatSubmission.ReadWrite User.Read User.ReadBasic.All User.ReadWrite UserActivity.ReadWrite.CreatedByApp
UserCloudClipboard.Read UserNotification.ReadWrite.CreatedByApp UserTimelineActivity.Write.CreatedByApp
UserWindowsSettings.Read email offline_access openid profile
"""

_OF_PERSONAL_ACCOUNTS = """
Application.Read.All Application.ReadWrite.All Calendars.Read Calendars.Read.Shared Calendars.ReadBasic
Calendars.ReadWrite Contacts.Read Contacts.ReadWrite CrossTenantUserProfileSharing.Read
CrossTenantUserProfileSharing.Read.All Device.Command Device.Read Device.Read.All FileStorageContainer.Selected
Files.Read Files.Read.All Files.ReadWrite Files.ReadWrite.All Files.ReadWrite.AppFolder IMAP.AccessAsUser.All
Mail.Read Mail.ReadBasic Mail.ReadWrite Mail.Send MailTips.ReadBasic.Shared MailboxConfigItem.Read
MailboxConfigItem.ReadWrite MailboxSettings.Read MailboxSettings.ReadWrite Notes.Create Notes.Read Notes.ReadWrite
Notifications.ReadWrite.CreatedByApp POP.AccessAsUser.All People.Read Policy.Read.All
Policy.ReadWrite.AuthenticationMethod SMTP.Send ServiceHealth.Read.All ServiceMessage.Read.All
ServiceMessageViewpoint.Write ShortNotes.Read ShortNotes.ReadWrite Sites.FullControl.All Sites.Read.All
Sites.ReadWrite.All Tasks.Read Tasks.ReadWrite Teamwork.Migrate.All User.Read User.ReadWrite
UserActivity.ReadWrite.CreatedByApp UserCloudClipboard.Read UserWindowsSettings.Read
"""

ORDINARY = frozenset(_WITHOUT_AN_ADMINISTRATOR.split())
PERSONAL = frozenset(_OF_PERSONAL_ACCOUNTS.split())
