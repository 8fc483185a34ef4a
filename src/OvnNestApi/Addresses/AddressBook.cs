using OvnNestApi.Data;
using OvnNestApi.Http;
using OvnNestApi.Networks;

namespace OvnNestApi.Addresses;

/// <summary>Gives MAC and IPv4 addresses. Part of the caller's transaction; the unique indexes decide.</summary>
internal static class AddressBook
{
    /// <summary>
    /// Sets <see cref="LogicalPort.Mac"/> and <see cref="LogicalPort.Ip"/> to what is asked, else to what the port has while it fits, else to the
    /// predecessor's, else to free ones. The port's row need not be stored yet.
    /// </summary>
    /// <param name="predecessor">The former incarnation that is being deleted: its row is taken over; null: none.</param>
    /// <returns>Null when done; 400 <c>validation-failed</c>, 409 <c>address-taken</c> or <c>addresses-exhausted</c> otherwise.</returns>
    public static Task<Problem?> AssignAsync(
        NestDb db, LogicalPort port, Network network, Ipv4? askedIp, MacAddress? askedMac, LogicalPort? predecessor, CancellationToken cancellationToken) =>
        throw new NotImplementedException();
}
