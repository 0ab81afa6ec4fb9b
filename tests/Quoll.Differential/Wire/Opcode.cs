using System.Globalization;

namespace Quoll.Differential.Wire;

/// <summary>The request types of the protocol.</summary>
internal static class Opcode
{
    public const int Create = 1;
    public const int Delete = 2;
    public const int Exists = 3;
    public const int GetData = 4;
    public const int SetData = 5;
    public const int GetAcl = 6;
    public const int SetAcl = 7;
    public const int GetChildren = 8;
    public const int Sync = 9;
    public const int Ping = 11;
    public const int GetChildren2 = 12;
    public const int Check = 13;
    public const int Multi = 14;
    public const int Create2 = 15;
    public const int Reconfig = 16;
    public const int CheckWatches = 17;
    public const int RemoveWatches = 18;
    public const int CreateContainer = 19;
    public const int DeleteContainer = 20;
    public const int CreateTtl = 21;
    public const int MultiRead = 22;
    public const int Auth = 100;
    public const int SetWatches = 101;
    public const int Sasl = 102;
    public const int GetEphemerals = 103;
    public const int GetAllChildrenNumber = 104;
    public const int SetWatches2 = 105;
    public const int AddWatch = 106;
    public const int WhoAmI = 107;
    public const int CloseSession = -11;

    /// <summary>The xid of every notification, and of nothing else.</summary>
    public const int NotificationXid = -1;

    public const int PingXid = -2;
    public const int AuthXid = -4;

    public static bool IsWrite(int type) =>
        type is Create or Create2 or CreateContainer or CreateTtl or Delete or SetData or SetAcl or Multi
            or Reconfig;

    /// <summary>Whether no other connection can notice it.</summary>
    public static bool IsRead(int type) =>
        type is Exists or GetData or GetAcl or GetChildren or Sync or Ping or GetChildren2 or CheckWatches or RemoveWatches or MultiRead
            or GetEphemerals or GetAllChildrenNumber or AddWatch or WhoAmI;

    public static string Name(int type) => type switch
    {
        Create => "create",
        Delete => "delete",
        Exists => "exists",
        GetData => "getData",
        SetData => "setData",
        GetAcl => "getACL",
        SetAcl => "setACL",
        GetChildren => "getChildren",
        Sync => "sync",
        Ping => "ping",
        GetChildren2 => "getChildren2",
        Check => "check",
        Multi => "multi",
        Create2 => "create2",
        Reconfig => "reconfig",
        CheckWatches => "checkWatches",
        RemoveWatches => "removeWatches",
        CreateContainer => "createContainer",
        CreateTtl => "createTTL",
        MultiRead => "multiRead",
        Auth => "auth",
        SetWatches => "setWatches",
        Sasl => "sasl",
        GetEphemerals => "getEphemerals",
        GetAllChildrenNumber => "getAllChildrenNumber",
        SetWatches2 => "setWatches2",
        AddWatch => "addWatch",
        WhoAmI => "whoAmI",
        CloseSession => "closeSession",
        _ => "op" + type.ToString(CultureInfo.InvariantCulture),
    };
}
