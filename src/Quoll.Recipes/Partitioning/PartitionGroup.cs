using System.Text;
using Quoll.Client;
using Quoll.Recipes.Partitioning;
using Quoll.Recipes.Watching;

namespace Quoll.Recipes;

/// <summary>
/// Work that is cut into numbered partitions, which the members of a group share out among themselves: each partition is owned by one
/// member at a time, each member owns as many as any other or one more, and what need not move stays where it is.
/// </summary>
/// <remarks>
/// <para>A partition passes on only when its owner has given it back, or its session has ended; an owner who has lost it learns that by
/// <see cref="PartitionLease.Lost"/>. Under a lost connection what is owned stays owned while the session certainly lives. A member
/// whose session ended comes back with the same id, and gets what it had, if it comes before the others have shared it out.</para>
/// <para>The group has a znode for each member, which says what it owns, and one for what is to be; partitions have none. When one of N
/// members comes or goes there are one change of the assignment, one or two changes by each member whose partitions move, and about six
/// requests by each member, whatever the number of partitions; the largest znode has a few bytes for each range of partitions.</para>
/// </remarks>
public sealed class PartitionGroup
{
    /// <summary>As many partitions as there can be: however they are scattered, a znode can say who has which.</summary>
    public const int MaxPartitions = 100_000;

    private readonly ZooKeeperClient _client;
    private readonly PartitionPaths _paths;

    /// <param name="client">Whose sessions the members that join here are of.</param>
    /// <param name="path">The group, the same for all.</param>
    /// <param name="partitions">Into how many partitions the work is cut, the same for all. It can be another only after all have left.
    /// </param>
    public PartitionGroup(ZooKeeperClient client, string path, int partitions)
    {
        ArgumentNullException.ThrowIfNull(client);
        ZnodePaths.Validate(path);
        ArgumentOutOfRangeException.ThrowIfLessThan(partitions, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(partitions, MaxPartitions);
        (_client, _paths) = (client, new PartitionPaths(path, partitions));
    }

    /// <summary>The partition of whatever has a key: the same in every process. Keys are spread evenly.</summary>
    public int PartitionOf(string key)
    {
        ArgumentNullException.ThrowIfNull(key);

        // FNV-1a, and then a mixing of its upper bits into the lower.
        var hash = 14695981039346656037;
        foreach (var next in Encoding.UTF8.GetBytes(key))
            hash = unchecked((hash ^ next) * 1099511628211);
        hash ^= hash >> 32;
        return (int)(hash % (ulong)_paths.Partitions);
    }

    /// <summary>Joins the group, and stays in it over sessions until what is returned is disposed of.</summary>
    /// <param name="id">Who joins; a part of its znode's name.</param>
    /// <param name="cancellationToken">Ends the waiting; then it has not joined.</param>
    /// <exception cref="InvalidOperationException">The others cut the work into another number of partitions.</exception>
    /// <exception cref="ZooKeeperException">The server refuses it.</exception>
    public async ValueTask<PartitionMember> JoinAsync(string id, CancellationToken cancellationToken = default)
    {
        ZnodePaths.ValidateName(id);
        var member = new PartitionMember(_client, _paths, id);
        try
        {
            await member.Joined.WaitAsync(cancellationToken).ConfigureAwait(false);
            return member;
        }
        catch
        {
            await member.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Who owns which partitions, by the members' own word, in the order of their ids. It costs a request for each member and one
    /// for all.</summary>
    public async ValueTask<IReadOnlyList<PartitionOwner>> GetOwnersAsync(CancellationToken cancellationToken = default)
    {
        var read = await SmallReads.ChildrenAsync(_client, _paths.Members, cancellationToken).ConfigureAwait(false);
        return
        [
            .. read.Select(member => new PartitionOwner(
                    MemberName.IdOf(ZnodePaths.NameOf(member.Path)),
                    PartitionRanges.Parse(Encoding.UTF8.GetString(member.Znode.Data), _paths.Partitions) ?? [],
                    member.Znode.Stat.EphemeralOwner))
                .OrderBy(owner => owner.Id, StringComparer.Ordinal),
        ];
    }
}

/// <summary>A member of a group, and what it owns.</summary>
/// <param name="Id">Who it is.</param>
/// <param name="Partitions">What it owns, in their order.</param>
/// <param name="SessionId">Its session.</param>
public sealed record PartitionOwner(string Id, IReadOnlyList<int> Partitions, long SessionId);
