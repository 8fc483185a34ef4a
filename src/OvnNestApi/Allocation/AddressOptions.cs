namespace OvnNestApi.Allocation;

/// <summary>Settings of addresses, section <c>Addresses</c>.</summary>
public sealed class AddressOptions
{
    /// <summary>
    /// First octets of generated MAC addresses, 1 to 3: the others are random, and too few of them would often be equal. Locally
    /// administered, or of an OUI that belongs to the operator.
    /// </summary>
    public string MacPrefix { get; set; } = "02";
}
