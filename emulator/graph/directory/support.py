"""Which properties the directory's index answers for: Microsoft's table of facts, type by type.

A word is a property, or a path into one; `any()` is left out, a star stands for every member. Facts of `eq` hold for
`in` as well; what `_advanced` lists needs the header `ConsistencyLevel: eventual` and `$count=true`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from emulator.odata.types import Structured


@dataclass(frozen=True)
class Facts:
    """What the index can do with the properties of one type."""

    eq: str = ""
    eq_advanced: str = ""
    starts: str = ""
    starts_advanced: str = ""
    range: str = ""
    range_advanced: str = ""
    null: str = ""
    null_advanced: str = ""
    counted: str = ""
    counted_to_one: str = ""
    sort: str = ""
    sort_advanced: str = ""


FACTS = {
    "administrativeUnit": Facts(
        eq="""
            displayName isMemberManagementRestricted membershipRule membershipRuleProcessingState
            scopedRoleMembers/id""",
        eq_advanced="description",
        starts="displayName membershipRule",
        starts_advanced="description",
        null_advanced="description displayName",
        sort_advanced="createdDateTime deletedDateTime displayName",
    ),
    "application": Facts(
        eq="""
            appId createdDateTime createdOnBehalfOf/id disabledByMicrosoftStatus displayName identifierUris
            publisherDomain signInAudience tags uniqueName""",
        eq_advanced="""
            description federatedIdentityCredentials/issuer federatedIdentityCredentials/name
            federatedIdentityCredentials/subject info/termsOfServiceUrl notes publicClient/redirectUris
            requiredResourceAccess/resourceAppId serviceManagementReference spa/redirectUris
            verifiedPublisher/displayName web/homePageUrl web/redirectUris""",
        starts="displayName identifierUris publisherDomain tags uniqueName",
        starts_advanced="""
            description federatedIdentityCredentials/issuer federatedIdentityCredentials/name
            federatedIdentityCredentials/subject info/termsOfServiceUrl notes publicClient/redirectUris
            serviceManagementReference spa/redirectUris verifiedPublisher/displayName web/homePageUrl
            web/redirectUris""",
        range="createdDateTime",
        null_advanced="""
            createdDateTime description displayName info/logoUrl notes serviceManagementReference
            verifiedPublisher/displayName web/homePageUrl""",
        counted="extensionProperties federatedIdentityCredentials",
        sort_advanced="createdDateTime deletedDateTime displayName",
    ),
    "contract": Facts(
        eq="customerId defaultDomainName displayName",
        starts="defaultDomainName displayName",
    ),
    "device": Facts(
        eq="""
            accountEnabled alternativeSecurityIds/type approximateLastSignInDateTime deviceId displayName hostnames
            isCompliant isManaged mdmAppId onPremisesLastSyncDateTime onPremisesSecurityIdentifier onPremisesSyncEnabled
            operatingSystem operatingSystemVersion physicalIds profileType trustType""",
        eq_advanced="""
            alternativeSecurityIds/identityProvider deviceCategory deviceOwnership enrollmentProfileName
            extensionAttributes/* isRooted managementType manufacturer model registrationDateTime""",
        starts="displayName hostnames operatingSystem operatingSystemVersion",
        starts_advanced="""
            alternativeSecurityIds/identityProvider deviceCategory enrollmentProfileName extensionAttributes/*
            manufacturer model""",
        range="approximateLastSignInDateTime onPremisesLastSyncDateTime",
        range_advanced="alternativeSecurityIds/type registrationDateTime",
        null_advanced="""
            approximateLastSignInDateTime deviceCategory deviceOwnership displayName enrollmentProfileName
            extensionAttributes/* isRooted managementType manufacturer model onPremisesSecurityIdentifier
            onPremisesSyncEnabled operatingSystem operatingSystemVersion registrationDateTime""",
        counted="physicalIds systemLabels",
        sort_advanced="approximateLastSignInDateTime createdDateTime deletedDateTime displayName",
    ),
    "directoryRole": Facts(
        eq="displayName roleTemplateId",
        eq_advanced="description",
        starts_advanced="description displayName",
        null_advanced="description displayName",
    ),
    "group": Facts(
        eq="""
            appRoleAssignments/id assignedLicenses/skuId classification createdByAppId createdOnBehalfOf/id displayName
            groupTypes hasMembersWithLicenseErrors infoCatalogs isAssignableToRole mail mailEnabled mailNickname
            membershipRule membershipRuleProcessingState onPremisesLastSyncDateTime
            onPremisesProvisioningErrors/category onPremisesProvisioningErrors/propertyCausingError
            onPremisesSecurityIdentifier onPremisesSyncEnabled
            proxyAddresses renewedDateTime resourceBehaviorOptions resourceProvisioningOptions securityEnabled
            settings/displayName settings/id uniqueName""",
        eq_advanced="description expirationDateTime onPremisesSamAccountName preferredLanguage",
        starts="""
            classification displayName infoCatalogs mail mailNickname membershipRule proxyAddresses settings/displayName
            uniqueName""",
        starts_advanced="description onPremisesSamAccountName preferredLanguage",
        range="onPremisesLastSyncDateTime renewedDateTime",
        range_advanced="expirationDateTime",
        null="hasMembersWithLicenseErrors",
        null_advanced="""
            description displayName mail mailNickname onPremisesSecurityIdentifier onPremisesSyncEnabled
            preferredLanguage""",
        counted="assignedLicenses onPremisesProvisioningErrors proxyAddresses",
        sort="displayName",
        sort_advanced="deletedDateTime",
    ),
    "orgContact": Facts(
        eq="""
            department displayName givenName jobTitle mail mailNickname manager/id onPremisesLastSyncDateTime
            onPremisesProvisioningErrors/category onPremisesProvisioningErrors/propertyCausingError
            onPremisesSyncEnabled proxyAddresses surname""",
        eq_advanced="companyName",
        starts="department displayName givenName jobTitle mail mailNickname proxyAddresses surname",
        starts_advanced="companyName",
        range="onPremisesLastSyncDateTime",
        null_advanced="""
            companyName department displayName givenName jobTitle mail mailNickname onPremisesSyncEnabled surname""",
        counted="onPremisesProvisioningErrors proxyAddresses",
        sort_advanced="createdDateTime displayName",
    ),
    "servicePrincipal": Facts(
        eq="""
            accountEnabled alternativeNames appId applicationTemplateId appRoleAssignedTo/id appRoleAssignments/id
            delegatedPermissionClassifications/id displayName oauth2PermissionGrants/id preferredSingleSignOnMode
            preferredTokenSigningKeyEndDateTime publisherName remoteDesktopSecurityConfiguration/id
            remoteDesktopSecurityConfiguration/targetDeviceGroups/displayName
            remoteDesktopSecurityConfiguration/targetDeviceGroups/id servicePrincipalNames servicePrincipalType tags""",
        eq_advanced="""
            appOwnerOrganizationId appRoleAssignmentRequired createdObjects/id description
            federatedIdentityCredentials/issuer federatedIdentityCredentials/name federatedIdentityCredentials/subject
            homepage info/termsOfServiceUrl notes verifiedPublisher/displayName""",
        starts="""
            alternativeNames displayName publisherName remoteDesktopSecurityConfiguration/targetDeviceGroups/displayName
            servicePrincipalNames tags""",
        starts_advanced="""
            description federatedIdentityCredentials/issuer federatedIdentityCredentials/name
            federatedIdentityCredentials/subject homepage info/termsOfServiceUrl notes verifiedPublisher/displayName""",
        range="preferredTokenSigningKeyEndDateTime",
        null_advanced="description displayName homepage info/logoUrl notes verifiedPublisher/displayName",
        counted="federatedIdentityCredentials ownedObjects",
        counted_to_one="ownedObjects",
        sort_advanced="createdDateTime deletedDateTime displayName",
    ),
    "user": Facts(
        eq="""
            accountEnabled ageGroup appRoleAssignments/id assignedLicenses/skuId city
            cloudRealtimeCommunicationInfo/isSipEnabled consentProvidedForMinor country createdDateTime creationType
            department displayName employeeId externalUserState givenName identities/issuer imAddresses infoCatalogs
            isLicenseReconciliationNeeded isResourceAccount jobTitle licenseDetails/id mail mailNickname
            oauth2PermissionGrants/id onPremisesImmutableId onPremisesLastSyncDateTime
            onPremisesProvisioningErrors/category onPremisesProvisioningErrors/propertyCausingError
            onPremisesSecurityIdentifier onPremisesSyncEnabled otherMails proxyAddresses scopedRoleMemberOf/id state
            surname usageLocation userPrincipalName userType""",
        eq_advanced="""
            assignedPlans/capabilityStatus assignedPlans/service assignedPlans/servicePlanId
            authorizationInfo/certificateUserIds businessPhones companyName createdObjects/id employeeHireDate
            employeeOrgData/costCenter employeeOrgData/division employeeType faxNumber mobilePhone officeLocation
            onPremisesDistinguishedName onPremisesExtensionAttributes/* onPremisesSamAccountName
            onPremisesSipInfo/isSipEnabled passwordProfile/forceChangePasswordNextSignIn
            passwordProfile/forceChangePasswordNextSignInWithMfa postalCode preferredLanguage
            provisionedPlans/provisioningStatus provisionedPlans/service showInAddressList streetAddress""",
        starts="""
            city country department displayName givenName imAddresses infoCatalogs jobTitle mail mailNickname otherMails
            proxyAddresses surname usageLocation userPrincipalName""",
        starts_advanced="""
            assignedPlans/service businessPhones companyName employeeOrgData/costCenter employeeOrgData/division
            faxNumber mobilePhone officeLocation onPremisesDistinguishedName onPremisesExtensionAttributes/*
            onPremisesSamAccountName postalCode preferredLanguage provisionedPlans/service streetAddress""",
        range="createdDateTime onPremisesLastSyncDateTime signInActivity",
        range_advanced="employeeHireDate",
        null="identities/issuer",
        null_advanced="""
            city companyName country createdDateTime department displayName employeeId faxNumber givenName jobTitle mail
            mailNickname mobilePhone officeLocation onPremisesDistinguishedName onPremisesExtensionAttributes/*
            onPremisesSecurityIdentifier onPremisesSyncEnabled passwordPolicies
            passwordProfile/forceChangePasswordNextSignIn passwordProfile/forceChangePasswordNextSignInWithMfa
            postalCode preferredLanguage state streetAddress surname usageLocation userType""",
        counted="assignedLicenses onPremisesProvisioningErrors otherMails ownedObjects proxyAddresses",
        counted_to_one="ownedObjects",
        sort="displayName userPrincipalName",
        sort_advanced="createdDateTime deletedDateTime",
    ),
}

_ANY_OBJECT = "directoryObject"
# Every object has these, whatever its type; the table leaves them out.
_EVERYWHERE = Facts(eq="id", sort_advanced="id")
# Searched though the index does not tell whether they start with something.
_SEARCHED_TOO = {
    "user": frozenset({"employeeId", "state", "onPremisesSamAccountName"}),
    "group": frozenset({"description"}),
    "administrativeUnit": frozenset({"description"}),
}


class Index:
    """What the directory's index knows of a type; of a list of any objects, what it knows of each type in it."""

    def __init__(self, name: str, facts: tuple[Facts, ...]) -> None:
        self.name = name
        self._facts = (*facts, _EVERYWHERE)

    def allows(self, operation: str, path: str) -> bool:
        """Whether an operation (`eq`, `starts_advanced` ...) is answered for a property or a path into one."""
        words = self._words(operation)
        first = path.partition("/")[0]
        return path in words or any(word.partition("/")[0] == first for word in words)

    @property
    def searched(self) -> frozenset[str]:
        """The properties that `$search` looks at."""
        own = _SEARCHED_TOO.get(self.name) or frozenset().union(*_SEARCHED_TOO.values())
        return self._words("starts") | self._words("starts_advanced") | own

    def _words(self, operation: str) -> frozenset[str]:
        return frozenset(word for facts in self._facts for word in getattr(facts, operation).split())


@cache
def index_of(kind: Structured) -> Index | None:
    """The index behind lists of a type; nothing for types that the directory keeps outside of it."""
    short = kind.name.rpartition(".")[2]
    if short == _ANY_OBJECT:
        return Index(short, tuple(FACTS.values()))
    return Index(short, (FACTS[short],)) if short in FACTS else None
