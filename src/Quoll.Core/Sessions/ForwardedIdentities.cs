using Quoll.Core.Access;
using Quoll.Protocol.Jute;
using Quoll.Protocol.Records;

namespace Quoll.Core.Sessions;

/// <summary>Who a client is, as another server has said it, with the bytes in which it did.</summary>
internal sealed record ForwardedIdentities(byte[] Encoded, Identity[] List)
{
    public static ForwardedIdentities Read(JuteVector<Id> said)
    {
        var list = new Identity[said.Count];
        var count = 0;
        foreach (var id in said)
            list[count++] = new Identity(id.Scheme.ToString(), id.Name.ToString());
        return new ForwardedIdentities(said.Encoded.ToArray(), list);
    }

    public bool WereReadFrom(JuteVector<Id> said) => said.Encoded.SequenceEqual(Encoded);
}
