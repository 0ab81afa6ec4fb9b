using Quoll.Client.Requests;
using Quoll.Protocol;
using Quoll.Protocol.Records;

namespace Quoll.Client;

/// <summary>
/// Changes that are made together or not at all, by <see cref="ZooKeeperClient.CommitAsync"/>. Each is checked against what those before
/// it leave behind.
/// </summary>
public sealed class Transaction
{
    private readonly List<Operation> _operations = [];

    /// <summary>How many operations it has.</summary>
    public int Count => _operations.Count;

    internal IReadOnlyList<Operation> Operations => _operations;

    /// <summary>Requires that a znode exists, and has a version unless <paramref name="version"/> is -1.</summary>
    public Transaction Check(string path, int version = -1) => Add(new(OpCode.Check, path, default, version, default));

    /// <summary>Creates a znode.</summary>
    public Transaction Create(string path, ReadOnlyMemory<byte> data = default, CreateOptions options = default)
    {
        options.Validate();
        Paths.Validate(path, options.IsSequential);

        // Not create2, though it brings a stat: of Apache's servers before 3.8.2, those beside a newer leader leave out the whole
        // transaction then (ZOOKEEPER-4026).
        var opCode = options.OpCode == OpCode.Create2 ? OpCode.Create : options.OpCode;
        _operations.Add(new(opCode, path, data, 0, options));
        return this;
    }

    /// <summary>Sets a znode's data, if it has a version, or whatever it has where <paramref name="version"/> is -1.</summary>
    public Transaction Set(string path, ReadOnlyMemory<byte> data, int version = -1) =>
        Add(new(OpCode.SetData, path, data, version, default));

    /// <summary>Deletes a znode, if it has a version, or whatever it has where <paramref name="version"/> is -1.</summary>
    public Transaction Delete(string path, int version = -1) => Add(new(OpCode.Delete, path, default, version, default));

    /// <summary>Adds all operations of another transaction.</summary>
    public Transaction Append(Transaction other)
    {
        ArgumentNullException.ThrowIfNull(other);
        _operations.AddRange(other._operations);
        return this;
    }

    private Transaction Add(Operation operation)
    {
        Paths.Validate(operation.Path);
        _operations.Add(operation);
        return this;
    }

    internal readonly record struct Operation(OpCode OpCode, string Path, ReadOnlyMemory<byte> Data, int Version, CreateOptions Options);
}

/// <summary>What came of one operation of a transaction.</summary>
/// <param name="Path">The path of a znode that was created or set; null for what was checked or deleted.</param>
/// <param name="Stat">
/// Its stat, if it was set, or created as a container or with a time to live; null for all others: servers do not tell it of them all.
/// </param>
public readonly record struct TransactionResult(string? Path, Stat? Stat);

/// <summary>Reads that are answered together, from one state of the tree, by <see cref="ZooKeeperClient.ReadManyAsync"/>.</summary>
public sealed class ReadBatch
{
    private readonly List<Read> _reads = [];

    internal IReadOnlyList<Read> Reads => _reads;

    /// <summary>Reads a znode's data and stat.</summary>
    public ReadBatch Get(string path) => Add(OpCode.GetData, path);

    /// <summary>Reads the names of a znode's children.</summary>
    public ReadBatch GetChildren(string path) => Add(OpCode.GetChildren, path);

    private ReadBatch Add(OpCode opCode, string path)
    {
        Paths.Validate(path);
        _reads.Add(new Read(opCode, path));
        return this;
    }

    internal readonly record struct Read(OpCode OpCode, string Path);
}

/// <summary>The answer to one read of several.</summary>
/// <param name="Error">Why it was refused, or <see cref="ErrorCode.Ok"/>; one refused read does not touch the others.</param>
/// <param name="Znode">What was read of a znode, where its data was asked for.</param>
/// <param name="Children">The names, where the children were asked for.</param>
public readonly record struct ReadResult(ErrorCode Error, Znode? Znode, string[]? Children);
