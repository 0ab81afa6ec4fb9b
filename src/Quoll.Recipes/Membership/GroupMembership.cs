using System.Runtime.CompilerServices;
using System.Text;
using Quoll.Client;
using Quoll.Recipes.Membership;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>Who is in a group: each member has an ephemeral znode below the group's path, for as long as its session lives.</summary>
/// <remarks>
/// A member is named by its id, as Curator's <c>GroupMember</c> and kazoo's <c>ShallowParty</c> read it (the latter where the id has no
/// dash); with <see cref="NameStyle.Kazoo"/> as kazoo's <c>Party</c> does. Read are both. That a member is listed says that its session
/// had not ended when the server last looked, no more.
/// </remarks>
public sealed class GroupMembership
{
    private static readonly TreeCacheOptions Members = new() { MaxDepth = 1 };
    private readonly ZooKeeperClient _client;
    private readonly NameStyle _style;

    /// <param name="client">Whose sessions the members that join here are of.</param>
    /// <param name="path">The group, the same for all.</param>
    /// <param name="style">How members that join here are named, for other clients in the same group.</param>
    public GroupMembership(ZooKeeperClient client, string path, NameStyle style = default)
    {
        ArgumentNullException.ThrowIfNull(client);
        ZnodePaths.Validate(path);
        (_client, Path, _style) = (client, path, style);
    }

    /// <summary>The group.</summary>
    public string Path { get; }

    /// <summary>Joins the group, and stays in it over sessions until what is returned is disposed of.</summary>
    /// <param name="id">Who joins. While another has the znode of that name, it is waited for; that of a process that died goes with its
    /// session.</param>
    /// <param name="payload">What the others shall know; it can be changed by <see cref="EphemeralRegistration.UpdateAsync"/>. kazoo's
    /// members have none.</param>
    /// <param name="cancellationToken">Ends the waiting; then it has not joined.</param>
    /// <exception cref="ZooKeeperException">The server refuses it.</exception>
    public async ValueTask<EphemeralRegistration> JoinAsync(
        string id, ReadOnlyMemory<byte> payload = default, CancellationToken cancellationToken = default)
    {
        ZnodePaths.ValidateName(id);
        var isKazoo = _style == NameStyle.Kazoo;
        if (isKazoo && payload.Length > 0)
            throw new ArgumentException("A member as kazoo names them has no payload.", nameof(payload));
        var path = ZnodePaths.Join(Path, MemberNames.NewName(_style, id));
        var membership = new EphemeralRegistration(_client, path, isKazoo ? Encoding.UTF8.GetBytes(id) : payload);
        try
        {
            await membership.WhenRegisteredAsync(cancellationToken).ConfigureAwait(false);
            return membership;
        }
        catch
        {
            await membership.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Who is in the group, in the order of their ids. It costs a request for each and one for all.</summary>
    public async ValueTask<IReadOnlyList<GroupMember>> GetMembersAsync(CancellationToken cancellationToken = default)
    {
        var read = await SmallReads.ChildrenAsync(_client, Path, cancellationToken).ConfigureAwait(false);
        return Sorted(read.Select(child => MemberNames.Read(child.Path, child.Znode.Data, child.Znode.Stat)));
    }

    /// <summary>Who is in the group, whenever that changes, in the order of their ids; first when it is known. A slow reader gets the
    /// latest only. While the server is lost nothing is told; whether it is, says <see cref="ZooKeeperClient.State"/>.</summary>
    public async IAsyncEnumerable<IReadOnlyList<GroupMember>> ObserveAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var cache = new TreeCache(_client, Path, Members);
        await using var ending = cache.ConfigureAwait(false);
        await foreach (var snapshot in cache.ObserveSnapshotsAsync(cancellationToken).ConfigureAwait(false))
            yield return Sorted(snapshot.Root?.Children.Values.Select(MemberNames.Read) ?? []);
    }

    private static List<GroupMember> Sorted(IEnumerable<GroupMember> members) =>
        [.. members.OrderBy(member => member.Id, StringComparer.Ordinal).ThenBy(member => member.Path, StringComparer.Ordinal)];
}
