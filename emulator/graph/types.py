"""The types of Graph v1.0 that the tenant answers with, as tables of their properties."""

from __future__ import annotations

from emulator.odata import Collection, Structured, structured

_ASSIGNED_LICENSE = structured(
    "microsoft.graph.assignedLicense",
    """
    Edm.Guid: skuId
    Collection(Edm.Guid): disabledPlans
    """,
)
_ASSIGNED_PLAN = structured(
    "microsoft.graph.assignedPlan",
    """
    Edm.String: capabilityStatus service
    Edm.Guid: servicePlanId
    Edm.DateTimeOffset: assignedDateTime
    """,
)
_LICENSE_STATE = structured(
    "microsoft.graph.licenseAssignmentState",
    """
    Edm.String: assignedByGroup error state
    Edm.Guid: skuId
    Edm.DateTimeOffset: lastUpdatedDateTime
    Collection(Edm.Guid): disabledPlans
    """,
)
_PROVISIONED_PLAN = structured(
    "microsoft.graph.provisionedPlan", "Edm.String: capabilityStatus provisioningStatus service"
)
_IDENTITY = structured("microsoft.graph.objectIdentity", "Edm.String: issuer issuerAssignedId signInType")
_PROVISIONING_ERROR = structured(
    "microsoft.graph.onPremisesProvisioningError",
    """
    Edm.String: category propertyCausingError value
    Edm.DateTimeOffset: occurredDateTime
    """,
)
_SERVICE_ERROR = structured(
    "microsoft.graph.serviceProvisioningError",
    """
    Edm.String: serviceInstance
    Edm.Boolean: isResolved
    Edm.DateTimeOffset: createdDateTime
    """,
)
_SIGN_IN_ACTIVITY = structured(
    "microsoft.graph.signInActivity",
    """
    Edm.DateTimeOffset: lastNonInteractiveSignInDateTime lastSignInDateTime lastSuccessfulSignInDateTime
    Edm.String: lastNonInteractiveSignInRequestId lastSignInRequestId lastSuccessfulSignInRequestId
    """,
)
_PASSWORD_PROFILE = structured(
    "microsoft.graph.passwordProfile",
    """
    Edm.Boolean: forceChangePasswordNextSignIn forceChangePasswordNextSignInWithMfa
    Edm.String: password
    """,
)
_MAILBOX_SETTINGS = structured(
    "microsoft.graph.mailboxSettings",
    """
    Edm.String: archiveFolder dateFormat timeFormat timeZone
    Edm.Enum: delegateMeetingMessageDeliveryOptions userPurpose
    """,
)
_EXTENSION_ATTRIBUTES = structured(
    "microsoft.graph.onPremisesExtensionAttributes",
    "Edm.String: " + " ".join(f"extensionAttribute{number}" for number in range(1, 16)),
)

USER = structured(
    "microsoft.graph.user",
    """
    Edm.String: id aboutMe ageGroup city companyName consentProvidedForMinor country creationType department displayName
    Edm.String: employeeId employeeType externalUserState faxNumber givenName identityParentId jobTitle
    Edm.String: legalAgeGroupClassification mail mailNickname mobilePhone mySite officeLocation
    Edm.String: onPremisesDistinguishedName onPremisesDomainName onPremisesImmutableId onPremisesSamAccountName
    Edm.String: onPremisesSecurityIdentifier onPremisesUserPrincipalName passwordPolicies postalCode
    Edm.String: preferredDataLocation preferredLanguage preferredName securityIdentifier state streetAddress surname
    Edm.String: usageLocation userPrincipalName userType
    Edm.Boolean: accountEnabled isManagementRestricted isResourceAccount onPremisesSyncEnabled showInAddressList
    Edm.Int32: deviceEnrollmentLimit
    Edm.DateTimeOffset: birthday createdDateTime deletedDateTime employeeHireDate employeeLeaveDateTime
    Edm.DateTimeOffset: externalUserStateChangeDateTime hireDate lastPasswordChangeDateTime onPremisesLastSyncDateTime
    Edm.DateTimeOffset: signInSessionsValidFromDateTime
    Collection(Edm.String): businessPhones imAddresses interests otherMails pastProjects proxyAddresses responsibilities
    Collection(Edm.String): schools skills
    """,
    assignedLicenses=Collection(_ASSIGNED_LICENSE),
    assignedPlans=Collection(_ASSIGNED_PLAN),
    authorizationInfo=structured("microsoft.graph.authorizationInfo", "Collection(Edm.String): certificateUserIds"),
    customSecurityAttributes=Structured("microsoft.graph.customSecurityAttributeValue", {}),
    employeeOrgData=structured("microsoft.graph.employeeOrgData", "Edm.String: costCenter division"),
    identities=Collection(_IDENTITY),
    licenseAssignmentStates=Collection(_LICENSE_STATE),
    mailboxSettings=_MAILBOX_SETTINGS,
    onPremisesExtensionAttributes=_EXTENSION_ATTRIBUTES,
    onPremisesProvisioningErrors=Collection(_PROVISIONING_ERROR),
    passwordProfile=_PASSWORD_PROFILE,
    print_=Structured("microsoft.graph.userPrint", {}),
    provisionedPlans=Collection(_PROVISIONED_PLAN),
    serviceProvisioningErrors=Collection(_SERVICE_ERROR),
    signInActivity=_SIGN_IN_ACTIVITY,
)

_EMAIL_ADDRESS = structured("microsoft.graph.emailAddress", "Edm.String: address name")
_RECIPIENT = structured("microsoft.graph.recipient", "", emailAddress=_EMAIL_ADDRESS)
_ITEM_BODY = structured(
    "microsoft.graph.itemBody",
    """
    Edm.String: content
    Edm.Enum: contentType
    """,
)
_ZONED = structured("microsoft.graph.dateTimeTimeZone", "Edm.String: dateTime timeZone")
_FLAG = structured(
    "microsoft.graph.followupFlag",
    "Edm.Enum: flagStatus",
    startDateTime=_ZONED,
    dueDateTime=_ZONED,
    completedDateTime=_ZONED,
)
_HEADER = structured("microsoft.graph.internetMessageHeader", "Edm.String: name value")

# In the order Graph writes the properties: a default answer follows it.
MESSAGE = structured(
    "microsoft.graph.message",
    """
    Edm.String: id
    Edm.DateTimeOffset: createdDateTime lastModifiedDateTime
    Edm.String: changeKey
    Collection(Edm.String): categories
    Edm.DateTimeOffset: receivedDateTime sentDateTime
    Edm.Boolean: hasAttachments
    Edm.String: internetMessageId subject bodyPreview
    Edm.Enum: importance
    Edm.String: parentFolderId conversationId
    Edm.Binary: conversationIndex
    Edm.Boolean: isDeliveryReceiptRequested isReadReceiptRequested isRead isDraft
    Edm.String: webLink
    Edm.Enum: inferenceClassification
    """,
    body=_ITEM_BODY,
    sender=_RECIPIENT,
    from_=_RECIPIENT,
    toRecipients=Collection(_RECIPIENT),
    ccRecipients=Collection(_RECIPIENT),
    bccRecipients=Collection(_RECIPIENT),
    replyTo=Collection(_RECIPIENT),
    flag=_FLAG,
    uniqueBody=_ITEM_BODY,
    internetMessageHeaders=Collection(_HEADER),
)

MAIL_FOLDER = structured(
    "microsoft.graph.mailFolder",
    """
    Edm.String: id displayName parentFolderId
    Edm.Int32: childFolderCount unreadItemCount totalItemCount
    Edm.Boolean: isHidden
    """,
)

ATTACHMENT = structured(
    "microsoft.graph.attachment",
    """
    Edm.String: id
    Edm.DateTimeOffset: lastModifiedDateTime
    Edm.String: name contentType
    Edm.Int32: size
    Edm.Boolean: isInline
    """,
)

# What a file adds is reached by its type's name: `$select=microsoft.graph.fileAttachment/contentBytes`.
FILE_ATTACHMENT = structured(
    "microsoft.graph.fileAttachment",
    """
    Edm.String: contentId contentLocation
    Edm.Binary: contentBytes
    """,
    base=ATTACHMENT,
)
