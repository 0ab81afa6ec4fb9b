using System.Text.Json;
using System.Text.Json.Serialization;

namespace Quoll.Recipes.Discovery;

/// <summary>A service's instance as Curator's <c>JsonInstanceSerializer</c> writes and reads it.</summary>
internal sealed record InstanceJson(
    string? Name, string? Id, string? Address, int? Port, int? SslPort, JsonElement? Payload,
    [property: JsonPropertyName("registrationTimeUTC")] long RegistrationTime, string? ServiceType, UriSpecJson? UriSpec, bool? Enabled)
{
    // In the order of the enumeration's members.
    private static readonly string[] Types = ["DYNAMIC", "STATIC", "PERMANENT", "DYNAMIC_SEQUENTIAL"];

    public static byte[] Write(ServiceInstance instance) => JsonSerializer.SerializeToUtf8Bytes(
        new InstanceJson(
            instance.Name, instance.Id, instance.Address, instance.Port, instance.SslPort, instance.Payload,
            instance.RegisteredAt.ToUnixTimeMilliseconds(), Types[(int)instance.Type],
            instance.UriSpec is { } spec ? UriSpecJson.Parse(spec) : null, instance.IsEnabled),
        InstanceJsonContext.Default.InstanceJson);

    /// <summary>Reads one; null where it is none, and not what anybody of this kind has written.</summary>
    public static ServiceInstance? Read(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return JsonSerializer.Deserialize(bytes, InstanceJsonContext.Default.InstanceJson)?.ToInstance();
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // Those who wrote before there was such a thing as being enabled were.
    private ServiceInstance? ToInstance() => Name is null || Id is null
        ? null
        : new ServiceInstance
        {
            Name = Name,
            Id = Id,
            Address = Address,
            Port = Port,
            SslPort = SslPort,
            Payload = Payload,
            RegisteredAt = DateTimeOffset.FromUnixTimeMilliseconds(Math.Clamp(RegistrationTime, 0, MaxTime)),
            Type = (ServiceType)Math.Max(0, Array.IndexOf(Types, ServiceType)),
            UriSpec = UriSpec?.ToString(),
            IsEnabled = Enabled != false,
        };

    private static readonly long MaxTime = DateTimeOffset.MaxValue.ToUnixTimeMilliseconds();
}

/// <summary>The parts of an address: plain text, and variables.</summary>
internal sealed record UriSpecJson(UriPartJson[]? Parts)
{
    public static UriSpecJson Parse(string spec)
    {
        var parts = new List<UriPartJson>();
        for (var rest = spec; rest.Length > 0;)
        {
            var open = rest.IndexOf('{', StringComparison.Ordinal);
            var close = open < 0 ? -1 : rest.IndexOf('}', open);
            var text = close < 0 ? rest : rest[..open];
            if (text.Length > 0)
                parts.Add(new UriPartJson(text, false));
            if (close < 0)
                break;
            parts.Add(new UriPartJson(rest[(open + 1)..close], true));
            rest = rest[(close + 1)..];
        }

        return new UriSpecJson([.. parts]);
    }

    public override string ToString() => string.Concat((Parts ?? []).Select(part => part.Variable ? $"{{{part.Value}}}" : part.Value));
}

/// <summary>One part of an address.</summary>
internal sealed record UriPartJson(string? Value, bool Variable);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(InstanceJson))]
internal sealed partial class InstanceJsonContext : JsonSerializerContext;
