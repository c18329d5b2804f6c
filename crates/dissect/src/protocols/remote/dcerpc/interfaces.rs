//! Well-known interfaces by UUID and version-independent name, with the operations worth a name.

use medward_model::Verb;

/// An interface and what is known of it.
#[derive(Debug)]
pub(super) struct Interface {
    /// As it stands in the standard.
    uuid: &'static str,
    pub(super) name: &'static str,
    operations: &'static [(u16, &'static str)],
}

/// Where the names and numbers come from is told beside each.
static INTERFACES: &[Interface] = &[
    // MS-SCMR 3.1.4
    interface(
        "367abb81-9844-35f1-ad32-98f038001003",
        "svcctl",
        &[
            (0, "RCloseServiceHandle"),
            (1, "RControlService"),
            (2, "RDeleteService"),
            (6, "RQueryServiceStatus"),
            (11, "RChangeServiceConfigW"),
            (12, "RCreateServiceW"),
            (14, "REnumServicesStatusW"),
            (15, "ROpenSCManagerW"),
            (16, "ROpenServiceW"),
            (19, "RStartServiceW"),
            (24, "RCreateServiceA"),
            (27, "ROpenSCManagerA"),
            (28, "ROpenServiceA"),
            (31, "RStartServiceA"),
            (44, "RCreateServiceWOW64A"),
            (45, "RCreateServiceWOW64W"),
        ],
    ),
    // MS-TSCH 3.2.4, 3.2.5.3 and 3.2.5.2
    interface(
        "1ff70682-0a51-30e8-076d-740be8cee98b",
        "atsvc",
        &[(0, "NetrJobAdd"), (1, "NetrJobDel"), (2, "NetrJobEnum"), (3, "NetrJobGetInfo")],
    ),
    interface("378e52b0-c0a9-11cf-822d-00aa0051e40f", "sasec", &[(0, "SASetAccountInformation")]),
    interface(
        "86d35949-83c9-4044-b424-db363231fd0c",
        "ITaskSchedulerService",
        &[
            (1, "SchRpcRegisterTask"),
            (2, "SchRpcRetrieveTask"),
            (6, "SchRpcEnumFolders"),
            (7, "SchRpcEnumTasks"),
            (12, "SchRpcRun"),
            (13, "SchRpcDelete"),
        ],
    ),
    // MS-DRSR 4.1
    interface(
        "e3514235-4b06-11d1-ab04-00c04fc2dcd2",
        "drsuapi",
        &[
            (0, "IDL_DRSBind"),
            (1, "IDL_DRSUnbind"),
            (2, "IDL_DRSReplicaSync"),
            (3, "IDL_DRSGetNCChanges"),
            (5, "IDL_DRSReplicaAdd"),
            (12, "IDL_DRSCrackNames"),
            (16, "IDL_DRSDomainControllerInfo"),
        ],
    ),
    // MS-NRPC 3.5.4
    interface(
        "12345678-1234-abcd-ef00-01234567cffb",
        "netlogon",
        &[
            (2, "NetrLogonSamLogon"),
            (4, "NetrServerReqChallenge"),
            (5, "NetrServerAuthenticate"),
            (6, "NetrServerPasswordSet"),
            (15, "NetrServerAuthenticate2"),
            (26, "NetrServerAuthenticate3"),
            (29, "NetrLogonGetDomainInfo"),
            (30, "NetrServerPasswordSet2"),
            (34, "DsrGetDcNameEx2"),
            (39, "NetrLogonSamLogonEx"),
            (45, "NetrLogonSamLogonWithFlags"),
        ],
    ),
    // MS-RPRN 3.1.4
    interface(
        "12345678-1234-abcd-ef00-0123456789ab",
        "spoolss",
        &[
            (1, "RpcOpenPrinter"),
            (10, "RpcEnumPrinterDrivers"),
            (9, "RpcAddPrinterDriver"),
            (65, "RpcRemoteFindFirstPrinterChangeNotificationEx"),
            (69, "RpcOpenPrinterEx"),
            (89, "RpcAddPrinterDriverEx"),
        ],
    ),
    // MS-PAR 3.1.4
    interface("76f03f96-cdfd-44fc-a22c-64950a001209", "IRemoteWinspool", &[(39, "RpcAsyncAddPrinterDriver")]),
    // MS-SAMR 3.1.5
    interface(
        "12345778-1234-abcd-ef00-0123456789ac",
        "samr",
        &[
            (0, "SamrConnect"),
            (5, "SamrLookupDomainInSamServer"),
            (6, "SamrEnumerateDomainsInSamServer"),
            (7, "SamrOpenDomain"),
            (11, "SamrEnumerateGroupsInDomain"),
            (13, "SamrEnumerateUsersInDomain"),
            (34, "SamrOpenUser"),
            (37, "SamrSetInformationUser"),
            (50, "SamrCreateUser2InDomain"),
            (55, "SamrUnicodeChangePasswordUser2"),
            (57, "SamrConnect2"),
            (58, "SamrSetInformationUser2"),
            (62, "SamrConnect4"),
            (64, "SamrConnect5"),
        ],
    ),
    // MS-LSAD and MS-LSAT
    interface(
        "12345778-1234-abcd-ef00-0123456789ab",
        "lsarpc",
        &[
            (6, "LsarOpenPolicy"),
            (14, "LsarLookupNames"),
            (15, "LsarLookupSids"),
            (43, "LsarRetrievePrivateData"),
            (44, "LsarOpenPolicy2"),
        ],
    ),
    interface(
        "3919286a-b10c-11d0-9ba8-00c04fd92ef5",
        "dssetup",
        &[(0, "DsRolerGetPrimaryDomainInformation")],
    ),
    // MS-SRVS 3.1.4
    interface(
        "4b324fc8-1670-01d3-1278-5a47bf6ee188",
        "srvsvc",
        &[
            (9, "NetrFileEnum"),
            (12, "NetrSessionEnum"),
            (14, "NetrShareAdd"),
            (15, "NetrShareEnum"),
            (16, "NetrShareGetInfo"),
            (18, "NetrShareDel"),
            (21, "NetrServerGetInfo"),
            (28, "NetrRemoteTOD"),
            (31, "NetprPathCanonicalize"),
        ],
    ),
    // MS-WKST 3.2.4
    interface(
        "6bffd098-a112-3610-9833-46c3f87e345a",
        "wkssvc",
        &[(0, "NetrWkstaGetInfo"), (2, "NetrWkstaUserEnum")],
    ),
    // MS-RRP 3.1.5
    interface(
        "338cd001-2244-31f1-aaaa-900038001003",
        "winreg",
        &[
            (2, "OpenLocalMachine"),
            (6, "BaseRegCreateKey"),
            (15, "BaseRegOpenKey"),
            (17, "BaseRegQueryValue"),
            (20, "BaseRegSaveKey"),
            (22, "BaseRegSetValue"),
        ],
    ),
    // MS-EVEN and MS-EVEN6
    interface("82273fdc-e32a-18c3-3f78-827929dc23ea", "eventlog", &[(0, "ElfrClearELFW")]),
    interface("f6beaff7-1e19-4fbb-9f8f-b89e2018337c", "eventlog6", &[(6, "EvtRpcClearLog")]),
    // MS-RSP
    interface("894de0c0-0d55-11d3-a322-00c04fa321a1", "initshutdown", &[(0, "BaseInitiateShutdown")]),
    interface(
        "d95afe70-a6d5-4259-822e-2c84da1ddb0d",
        "winshutdown",
        &[(0, "WsdrInitiateShutdown"), (1, "WsdrAbortShutdown")],
    ),
    // MS-EFSR
    interface("c681d488-d850-11d0-8c52-00c04fd90f7e", "efsrpc", &[(0, "EfsRpcOpenFileRaw")]),
    interface("df1941c5-fe89-4e79-bf10-463657acf44d", "efsrpc", &[(0, "EfsRpcOpenFileRaw")]),
    // MS-DFSNM, MS-FSRVP
    interface(
        "4fc742e0-4a10-11cf-8273-00aa004ae673",
        "netdfs",
        &[(12, "NetrDfsAddStdRoot"), (13, "NetrDfsRemoveStdRoot")],
    ),
    interface("a8e0653c-2744-4389-a61d-7373df8b2292", "FileServerVssAgent", &[(8, "IsPathSupported")]),
    // C706 appendix O
    interface(
        "e1af8308-5d1f-11c9-91a4-08002b14a0fa",
        "epmapper",
        &[(2, "ept_lookup"), (3, "ept_map"), (4, "ept_lookup_handle_free")],
    ),
    interface(
        "afa8bd80-7d8a-11c9-bef4-08002b102989",
        "mgmt",
        &[(0, "inq_if_ids"), (2, "is_server_listening")],
    ),
    // MS-DCOM
    interface(
        "99fcfec4-5260-101b-bbcb-00aa0021347a",
        "IObjectExporter",
        &[(0, "ResolveOxid"), (3, "ServerAlive"), (5, "ServerAlive2")],
    ),
    interface(
        "000001a0-0000-0000-c000-000000000046",
        "IRemoteSCMActivator",
        &[(3, "RemoteGetClassObject"), (4, "RemoteCreateInstance")],
    ),
    interface("4d9f4ab8-7d1c-11cf-861e-0020af6e7c57", "IActivation", &[(0, "RemoteActivation")]),
    interface(
        "00000131-0000-0000-c000-000000000046",
        "IRemUnknown",
        &[(3, "RemQueryInterface"), (4, "RemAddRef"), (5, "RemRelease")],
    ),
    interface("00000143-0000-0000-c000-000000000046", "IRemUnknown2", &[(3, "RemQueryInterface")]),
    interface("00020400-0000-0000-c000-000000000046", "IDispatch", &[(6, "Invoke")]),
    // MS-WMI
    interface("f309ad18-d86a-11d0-a075-00c04fb68820", "IWbemLevel1Login", &[(6, "NTLMLogin")]),
    interface(
        "9556dc99-828c-11cf-a37e-00aa003240c7",
        "IWbemServices",
        &[(20, "ExecQuery"), (24, "ExecMethod"), (14, "PutInstance")],
    ),
    // MS-NSPI, MS-OXCRPC
    interface("f5cc5a18-4264-101a-8c59-08002b2f8426", "nspi", &[]),
    interface("a4f1db00-ca47-1067-b31f-00dd010662da", "emsmdb", &[]),
    // MS-BKRP, MS-TSTS, MS-W32T, MS-DNSP, MS-DHCPM
    interface("3dde7c30-165d-11d1-ab8f-00805f14db40", "BackupKey", &[(0, "BackuprKey")]),
    interface("484809d6-4239-471b-b5bc-61df8c23ac48", "TermSrvSession", &[]),
    interface("8fb6d884-2388-11d0-8c35-00c04fda2795", "w32time", &[]),
    interface(
        "50abc2a4-574d-40b3-9d66-ee4fd5fba076",
        "dnsserver",
        &[(0, "R_DnssrvOperation"), (5, "R_DnssrvOperation2")],
    ),
    interface("6bffd098-a112-3610-9833-012892020162", "browser", &[]),
    interface("5b821720-f63b-11d0-aad2-00c04fc324db", "dhcpsrv2", &[]),
    interface("91ae6020-9e3c-11cf-8d7c-00aa00c091be", "ICertPassage", &[(0, "CertServerRequest")]),
    interface("d99e6e70-fc88-11d0-b498-00a0c90312f3", "ICertRequestD", &[(3, "Request")]),
    interface("d049b186-814f-11d1-9a3c-00c04fc9b232", "FrsRpc", &[]),
    interface("897e2e5f-93f3-4376-9c9c-fd2277495c27", "FrsTransport", &[]),
];

const fn interface(
    uuid: &'static str,
    name: &'static str,
    operations: &'static [(u16, &'static str)],
) -> Interface {
    Interface { uuid, name, operations }
}

/// The interface of that UUID as it is shown.
pub(super) fn by_uuid(uuid: &str) -> Option<&'static Interface> {
    INTERFACES.iter().find(|interface| interface.uuid == uuid)
}

/// Its name of an operation, or the number.
pub(super) fn operation(interface: Option<&Interface>, number: u16) -> String {
    let named = interface.and_then(|i| i.operations.iter().find(|(opnum, _)| *opnum == number));
    named.map_or_else(|| format!("opnum {number}"), |(_, name)| (*name).to_owned())
}

/// What a call of that operation amounts to.
pub(super) fn verb(operation: &str) -> Verb {
    if creates(operation) {
        return Verb::CreateService;
    }
    match operation {
        "NetrServerAuthenticate" | "NetrServerAuthenticate2" | "NetrServerAuthenticate3" => Verb::Login,
        "ept_map" | "ept_lookup" => Verb::Lookup,
        "NetrServerPasswordSet" | "NetrServerPasswordSet2" => Verb::Set,
        _ => Verb::Command,
    }
}

/// Services, tasks and drivers made on the other machine.
pub(super) fn creates(operation: &str) -> bool {
    operation.starts_with("RCreateService")
        || matches!(
            operation,
            "NetrJobAdd"
                | "SchRpcRegisterTask"
                | "RpcAddPrinterDriver"
                | "RpcAddPrinterDriverEx"
                | "RpcAsyncAddPrinterDriver"
        )
}

#[cfg(test)]
mod tests {
    use super::{INTERFACES, by_uuid, operation};

    #[test]
    fn every_interface_stands_once() {
        for interface in INTERFACES {
            assert_eq!(interface.uuid.len(), 36, "{}", interface.name);
            assert_eq!(
                INTERFACES.iter().filter(|i| i.uuid == interface.uuid).count(),
                1,
                "{}",
                interface.uuid
            );
        }
        let svcctl = by_uuid("367abb81-9844-35f1-ad32-98f038001003");
        assert_eq!(operation(svcctl, 12), "RCreateServiceW");
        assert_eq!(operation(None, 7), "opnum 7");
    }
}
