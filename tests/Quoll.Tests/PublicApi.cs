using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Quoll.Tests;

/// <summary>The public types and members of an assembly as sorted lines, close to how C# writes them.</summary>
internal static class PublicApi
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(double)] = "double",
    };

    public static IEnumerable<string> Of(Assembly assembly) =>
        assembly.GetExportedTypes().SelectMany(Lines).Order(StringComparer.Ordinal).Distinct();

    private static IEnumerable<string> Lines(Type type)
    {
        var name = NameOf(type);
        var bases = type.GetInterfaces().Where(i => i.IsVisible).Select(NameOf).Order(StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum))
            bases = bases.Prepend(NameOf(parent)).Order(StringComparer.Ordinal);
        var list = string.Join(", ", bases);
        yield return $"{name}: {KindOf(type)}{(type.IsEnum || list.Length == 0 ? "" : " : " + list)}";
        foreach (var member in type.GetMembers(Declared))
        {
            if (Signature(member) is { } signature)
                yield return $"{name}.{signature}";
        }
    }

    private static string KindOf(Type type)
    {
        if (type.IsEnum)
            return "enum " + NameOf(Enum.GetUnderlyingType(type));
        if (type.IsInterface)
            return "interface";
        if (type.IsValueType)
            return (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (type.IsByRefLike ? "ref struct" : "struct");
        return type.BaseType == typeof(MulticastDelegate) ? "delegate"
            : type is { IsAbstract: true, IsSealed: true } ? "static class"
            : type.IsAbstract ? "abstract class"
            : type.IsSealed ? "sealed class" : "class";
    }

    // Accessors are told with their properties; what the compiler makes for records is the same everywhere.
    private static string? Signature(MemberInfo member)
    {
        if (member.IsDefined(typeof(CompilerGeneratedAttribute)) && member is MethodInfo)
            return null;
        return member switch
        {
            ConstructorInfo c when IsSeen(c) => $"ctor({Parameters(c)})",
            MethodInfo m when IsSeen(m) && (!m.IsSpecialName || m.Name.StartsWith("op_", StringComparison.Ordinal)) =>
                $"{Static(m)}{m.Name}{GenericsOf(m)}({Parameters(m)}) -> {TypeOf(m.ReturnParameter)}",
            PropertyInfo p when p.GetAccessors(nonPublic: true).Any(IsSeen) =>
                $"{Static(p.GetAccessors(nonPublic: true)[0])}{p.Name}{Index(p)} {{ {Accessors(p)}}} -> {NameOf(p.PropertyType)}",
            FieldInfo { IsPublic: true, IsSpecialName: false, DeclaringType.IsEnum: true } f => f.Name + Value(f),
            FieldInfo { IsPublic: true, IsSpecialName: false } f =>
                $"{(f.IsLiteral ? "const " : f.IsStatic ? "static " : "")}{f.Name}{Value(f)} -> {NameOf(f.FieldType)}",
            EventInfo e when e.AddMethod is { } add && IsSeen(add) => $"event {e.Name} -> {NameOf(e.EventHandlerType!)}",
            _ => null,
        };
    }

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static string Static(MethodBase method) => method.IsStatic ? "static " : "";

    private static string GenericsOf(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(NameOf))}>" : "";

    private static string Index(PropertyInfo property) =>
        property.GetIndexParameters() is { Length: > 0 } parameters ? $"[{string.Join(", ", parameters.Select(TypeOf))}]" : "";

    private static string Accessors(PropertyInfo property)
    {
        var get = property.GetMethod is { } getter && IsSeen(getter) ? "get; " : "";
        if (property.SetMethod is not { } setter || !IsSeen(setter))
            return get;
        var isInit = setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));
        return get + (isInit ? "init; " : "set; ");
    }

    private static string Value(FieldInfo field) =>
        field.IsLiteral ? " = " + Convert.ToString(
            field.DeclaringType!.IsEnum ? Convert.ChangeType(field.GetRawConstantValue(), typeof(long), CultureInfo.InvariantCulture)
                : field.GetRawConstantValue(),
            CultureInfo.InvariantCulture) : "";

    private static string Parameters(MethodBase method) =>
        string.Join(", ", method.GetParameters().Select(p => $"{TypeOf(p)} {p.Name}{(p.HasDefaultValue ? " = " + Default(p) : "")}"));

    private static string Default(ParameterInfo parameter) => parameter.RawDefaultValue switch
    {
        null => parameter.ParameterType.IsValueType ? "default" : "null",
        bool value => value ? "true" : "false",
        var value => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };

    private static string TypeOf(ParameterInfo parameter)
    {
        var type = parameter.ParameterType;
        if (!type.IsByRef)
            return NameOf(type);
        var way = parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        return way + NameOf(type.GetElementType()!);
    }

    private static string NameOf(Type type)
    {
        if (Keywords.TryGetValue(type, out var keyword))
            return keyword;
        if (Nullable.GetUnderlyingType(type) is { } value)
            return NameOf(value) + "?";
        if (type.IsArray)
            return NameOf(type.GetElementType()!) + "[]";
        if (type.IsGenericParameter)
            return type.Name;
        var name = type.Name.Split('`')[0];
        if (type.IsNested)
            name = $"{NameOf(type.DeclaringType!).Split('<')[0]}.{name}";
        else if (type.Namespace!.StartsWith("Quoll", StringComparison.Ordinal))
            name = $"{type.Namespace}.{name}";
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : name;
    }
}
