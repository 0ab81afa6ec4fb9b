namespace Quoll.Protocol.Jute;

/// <summary>Marks a type whose primary constructor is a jute record: the build writes its <c>Read</c> and <c>Write</c>.</summary>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class JuteRecordAttribute : Attribute;

/// <summary>A value with a jute encoding. Implemented by generated code.</summary>
public interface IJuteRecord<TSelf>
    where TSelf : IJuteRecord<TSelf>, allows ref struct
{
    /// <summary>Reads the value; check <see cref="JuteReader.Malformed"/> before using it.</summary>
    static abstract TSelf Read(scoped ref JuteReader reader);

    void Write(scoped ref JuteWriter writer);
}
