using Quoll.Protocol;

namespace Quoll.Client.Requests;

/// <summary>The requests' names, as ZooKeeper's users know them.</summary>
internal static class Names
{
    public static string Of(OpCode opCode) => opCode switch
    {
        OpCode.Create or OpCode.Create2 or OpCode.CreateContainer or OpCode.CreateTtl => "create",
        OpCode.Delete => "delete",
        OpCode.Exists => "exists",
        OpCode.GetData => "getData",
        OpCode.SetData => "setData",
        OpCode.GetAcl => "getACL",
        OpCode.SetAcl => "setACL",
        OpCode.GetChildren2 => "getChildren",
        OpCode.Sync => "sync",
        OpCode.Check => "check",
        OpCode.Multi => "multi",
        OpCode.MultiRead => "multiRead",
        OpCode.Reconfig => "reconfig",
        OpCode.RemoveWatches => "removeWatches",
        OpCode.AddWatch => "addWatch",
        OpCode.GetEphemerals => "getEphemerals",
        OpCode.GetAllChildrenNumber => "getAllChildrenNumber",
        OpCode.WhoAmI => "whoAmI",
        OpCode.Auth => "addAuth",
        OpCode.CloseSession => "closeSession",
        _ => opCode.ToString(),
    };
}
