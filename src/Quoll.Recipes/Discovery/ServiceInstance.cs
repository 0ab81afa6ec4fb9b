using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Quoll.Recipes;

/// <summary>How an instance of a service comes to be listed, and ceases to be.</summary>
public enum ServiceType
{
    /// <summary>It registers itself, and is listed for as long as its session lives.</summary>
    Dynamic,

    /// <summary>Somebody has listed it, until somebody removes it.</summary>
    Static,

    /// <summary>As <see cref="Static"/>; Curator does not let it be removed by who discovers it.</summary>
    Permanent,

    /// <summary>As <see cref="Dynamic"/>, with a number in its znode's name.</summary>
    DynamicSequential,
}

/// <summary>One instance of a service: where it is, and what it says of itself. It is written as Curator's discovery writes it.</summary>
public sealed record ServiceInstance
{
    /// <summary>The service; the name of the znode below which its instances are.</summary>
    public required string Name { get; init; }

    /// <summary>The instance, unique among those of its service; its znode's name.</summary>
    public string Id { get; init; } = Ids.New().ToString();

    /// <summary>Where it is: a host's name or address.</summary>
    public string? Address { get; init; }

    /// <summary>Its port without TLS.</summary>
    public int? Port { get; init; }

    /// <summary>Its port with TLS.</summary>
    public int? SslPort { get; init; }

    /// <summary>What else it says of itself, as JSON. Curator's Java clients find the class by the property <c>@class</c>.</summary>
    public JsonElement? Payload { get; init; }

    /// <summary>When it was registered, as far as it said that.</summary>
    public DateTimeOffset RegisteredAt { get; init; }

    /// <summary>How it comes to be listed.</summary>
    public ServiceType Type { get; init; }

    /// <summary>How its address is put together, with variables in braces: <c>{scheme}://{address}:{port}</c>.</summary>
    public string? UriSpec { get; init; }

    /// <summary>Whether it may be used. One that is not is listed, and not found.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>The payload as a value; the default where there is none.</summary>
    /// <exception cref="JsonException">It is no such value.</exception>
    public T? GetPayload<T>(JsonTypeInfo<T> type) => Payload is { } payload ? payload.Deserialize(type) : default;

    /// <summary>The same instance with another payload.</summary>
    public ServiceInstance WithPayload<T>(T payload, JsonTypeInfo<T> type) =>
        this with { Payload = JsonSerializer.SerializeToElement(payload, type) };
}
