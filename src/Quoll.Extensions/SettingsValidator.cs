using Microsoft.Extensions.Options;

namespace Quoll.Extensions;

/// <summary>Says at the start of a program what is wrong with its settings, and not at the first request.</summary>
internal sealed class SettingsValidator : IValidateOptions<ZooKeeperSettings>
{
    public ValidateOptionsResult Validate(string? name, ZooKeeperSettings options)
    {
        try
        {
            options.ToOptions().Validate();
            return ValidateOptionsResult.Success;
        }
        catch (ArgumentException e)
        {
            var which = string.IsNullOrEmpty(name) ? "ZooKeeper" : $"ZooKeeper '{name}'";
            return ValidateOptionsResult.Fail($"{which}: {e.Message}");
        }
    }
}
