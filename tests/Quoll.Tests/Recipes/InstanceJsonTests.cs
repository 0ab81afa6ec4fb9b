using System.Text;
using System.Text.Json;
using Quoll.Recipes;
using Quoll.Recipes.Discovery;

namespace Quoll.Tests.Recipes;

/// <summary>Services' instances as Curator writes and reads them.</summary>
public class InstanceJsonTests
{
    [Fact]
    public void An_instance_is_written_as_Curator_writes_it_and_read_as_it_was()
    {
        using var payload = JsonDocument.Parse("""{"@class":"com.example.Info","zone":"b"}""");
        var instance = new ServiceInstance
        {
            Name = "orders",
            Id = "1",
            Address = "10.0.0.1",
            Port = 8080,
            Payload = payload.RootElement,
            RegisteredAt = DateTimeOffset.FromUnixTimeMilliseconds(1700000000123),
            UriSpec = "{scheme}://host:{port}/x",
        };

        var written = InstanceJson.Write(instance);

        Assert.Equal(
            """{"name":"orders","id":"1","address":"10.0.0.1","port":8080,"sslPort":null,"""
            + """ "payload":{"@class":"com.example.Info","zone":"b"},"registrationTimeUTC":1700000000123,""".TrimStart()
            + """ "serviceType":"DYNAMIC",""".TrimStart()
            + """ "uriSpec":{"parts":[{"value":"scheme","variable":true},{"value":"://host:","variable":false},""".TrimStart()
            + """ {"value":"port","variable":true},{"value":"/x","variable":false}]},"enabled":true}""".TrimStart(),
            Encoding.UTF8.GetString(written));
        var read = InstanceJson.Read(written)!;
        Assert.Equal(instance with { Payload = null }, read with { Payload = null });
        Assert.Equal("b", read.Payload!.Value.GetProperty("zone").GetString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"name\":\"a\"}")]
    [InlineData("{\"name\":1,\"id\":\"b\"}")]
    [InlineData("{\"name\":\"a\",\"id\":\"b\",\"port\":\"no\"}")]
    public void What_is_no_instance_is_none(string text) => Assert.Null(InstanceJson.Read(Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void What_an_instance_does_not_say_has_its_default()
    {
        var instance = InstanceJson.Read(
            """{"name":"a","id":"b","serviceType":"NEW","registrationTimeUTC":-5,"payload":null,"extra":[]}"""u8)!;

        Assert.True(instance.IsEnabled);
        Assert.Equal((ServiceType.Dynamic, null, null), (instance.Type, instance.Port, instance.UriSpec));
        Assert.Equal(DateTimeOffset.UnixEpoch, instance.RegisteredAt);
        Assert.Null(instance.Payload);
    }
}
