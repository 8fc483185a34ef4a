using OvnNestApi.Containers;

namespace OvnNestApi.Adoption;

/// <summary>Proposes containers for nested ports that were made by hand. Pure.</summary>
internal static class ContainerProposal
{
    public static AdoptionItem Of(Survey survey, SurveyedPort port)
    {
        var spec = new ContainerSpec { Network = NetworkProposal.NameOf(port.Switch), Vlan = (int?)port.Tag };
        return Proposals.ItemOf(survey, port, "container", port.Vm) with { Spec = Proposals.Json(Proposals.WithPort(spec, port)) };
    }
}
