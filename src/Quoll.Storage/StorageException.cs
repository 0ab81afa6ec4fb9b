namespace Quoll.Storage;

/// <summary>A data directory that can't be used as it is. The message says which file, where in it, and what was found.</summary>
public sealed class StorageException(string message, Exception? reason = null) : Exception(message, reason);
