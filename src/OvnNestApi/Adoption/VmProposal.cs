using OvnNestApi.Vms;

namespace OvnNestApi.Adoption;

/// <summary>Proposes VMs for ports that were made by hand. Pure.</summary>
internal static class VmProposal
{
    public static AdoptionItem Of(Survey survey, SurveyedPort port)
    {
        var chassis = port.Row["options"].AsStringMap().GetValueOrDefault("requested-chassis");
        var spec = new VmSpec
        {
            Network = NetworkProposal.NameOf(port.Switch),
            Host = chassis is null ? null : survey.Stored.Hosts.GetValueOrDefault(chassis),
            Bridge = Proposals.Device($"br-{port.Name}"),
        };
        return Proposals.ItemOf(survey, port, "vm", null) with { Spec = Proposals.Json(Proposals.WithPort(spec, port)) };
    }
}
