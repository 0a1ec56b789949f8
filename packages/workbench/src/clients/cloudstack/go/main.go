// The life of a virtual machine through cloudstack-go, unchanged (T-84); then what two programs do with it that are built on it:
// the Terraform provider (T-88) and the Karpenter provider of mperea (T-89). Their own code is not here, only their calls in their order.
package main

import (
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"time"

	cs "github.com/apache/cloudstack-go/v2/cloudstack"
)

var zone = os.Getenv("ZONE_ID")

func main() {
	api := client(os.Getenv("CLOUDSTACK_SECRET"))
	machine(api)
	terraform(api)
	karpenter(api)
	cluster(api)
	refusals(api)
}

func client(secret string) *cs.CloudStackClient {
	return cs.NewAsyncClient(os.Getenv("CLOUDSTACK_ENDPOINT"), os.Getenv("CLOUDSTACK_KEY"), secret, true)
}

func userData(text string) string {
	return base64.StdEncoding.EncodeToString([]byte(text))
}

// T-84: every answer is read into the client's own types; numbers, booleans and texts have to be what it says.
func machine(api *cs.CloudStackClient) {
	offerings, err := api.ServiceOffering.ListServiceOfferings(api.ServiceOffering.NewListServiceOfferingsParams())
	must(err)
	expect("T-84: reads the offerings", offerings.Count == len(offerings.ServiceOfferings) && offerings.Count > 20)
	offering, _, err := api.ServiceOffering.GetServiceOfferingByName("medium")
	must(err)
	expect("T-84: an offering has its numbers", offering.Cpunumber == 2 && offering.Memory == 4096)
	accounts, err := api.Account.ListAccounts(api.Account.NewListAccountsParams())
	must(err)
	expect("T-84: what is left of a limit is a text", accounts.Accounts[0].Vmavailable != "")
	limits, err := api.Limit.ListResourceLimits(api.Limit.NewListResourceLimitsParams())
	must(err)
	expect("T-84: the type of a limit is a text", limits.ResourceLimits[0].Resourcetype == "0")

	network, _, err := api.Network.GetNetworkByName("k8s-net")
	must(err)
	template, _, err := api.Template.GetTemplateID("ubuntu-22.04-k8s-1.33.2", "executable", zone)
	must(err)
	order := api.VirtualMachine.NewDeployVirtualMachineParams(offering.Id, template, zone)
	order.SetName("go-sdk")
	order.SetNetworkids([]string{network.Id})
	order.SetUserdata(userData("#!/bin/sh\ntrue\n" + strings.Repeat("# filling\n", 1000)))
	made, err := api.VirtualMachine.DeployVirtualMachine(order)
	must(err)
	expect("T-84: a deployment is followed to its end", made.State == "Running" && made.Nic[0].Ipaddress != "")
	tag(api, made.Id, map[string]string{"team": "a b*", "k8s.io/role": "worker"})

	list := api.VirtualMachine.NewListVirtualMachinesParams()
	list.SetTags(map[string]string{"team": "a b*"})
	seen, err := api.VirtualMachine.ListVirtualMachines(list)
	must(err)
	expect("T-84: it is found by its tag", seen.Count == 1 && seen.VirtualMachines[0].Id == made.Id)
	expect("T-84: its tags are read with it", len(seen.VirtualMachines[0].Tags) == 2)
	destroy(api, made.Id, false)
	gone, err := api.VirtualMachine.ListVirtualMachines(list)
	must(err)
	expect("T-84: destroyed, nothing of it is listed", gone.Count == 0)
}

// T-88: cloudstack_instance is created, read, renamed, and destroyed.
func terraform(api *cs.CloudStackClient) {
	offering, _, err := api.ServiceOffering.GetServiceOfferingID("large")
	must(err)
	id, _, err := api.Zone.GetZoneID("zone-01")
	must(err)
	where, _, err := api.Zone.GetZoneByID(id)
	must(err)
	expect("T-88: the zone says that it needs networks", where.Networktype == "Advanced")
	template, _, err := api.Template.GetTemplateID("ubuntu-22.04-k8s", "executable", where.Id)
	must(err)
	everywhere := func(_ *cs.CloudStackClient, p interface{}) error {
		if all, ok := p.(cs.ProjectIDSetter); ok {
			all.SetProjectid("-1")
		}
		return nil
	}
	projects := api.Network.NewListNetworksParams()
	must(everywhere(api, projects))
	networks, err := api.Network.ListNetworks(projects)
	must(err)
	expect("T-88: networks of all projects are asked for by -1", networks.Count > 0)
	network, _, err := api.Network.GetNetworkID("k8s-net")
	must(err)

	order := api.VirtualMachine.NewDeployVirtualMachineParams(offering, template, where.Id)
	order.SetName("terraform")
	order.SetDisplayname("terraform")
	order.SetRootdisksize(50)
	order.SetNetworkids([]string{network})
	order.SetStartvm(true)
	made, err := api.VirtualMachine.DeployVirtualMachine(order)
	must(err)
	expect("T-88: the answer has the address to connect to", made.Nic[0].Ipaddress != "")
	disks := api.Volume.NewListVolumesParams()
	disks.SetType("ROOT")
	disks.SetVirtualmachineid(made.Id)
	roots, err := api.Volume.ListVolumes(disks)
	must(err)
	expect("T-88: its root disk has the size it was given", roots.Count == 1 && roots.Volumes[0].Size == 50<<30)
	tagged := api.Resourcetags.NewCreateTagsParams([]string{made.Id}, "userVm", map[string]string{"made-by": "terraform"})
	_, err = api.Resourcetags.CreateTags(tagged)
	must(err)
	change := api.VirtualMachine.NewUpdateVirtualMachineParams(made.Id)
	change.SetDisplayname("renamed")
	_, err = api.VirtualMachine.UpdateVirtualMachine(change)
	must(err)
	read, _, err := api.VirtualMachine.GetVirtualMachineByID(made.Id)
	must(err)
	expect("T-88: it is read back as it is", read.Displayname == "renamed" && read.Serviceofferingname == "large")
	destroy(api, made.Id, false)
	_, count, err := api.VirtualMachine.GetVirtualMachineByID(made.Id)
	expect("T-88: what is gone is none, not an error of another kind", count == 0 && err != nil)
}

// T-89: offerings by name, one list of tags per thing, a look every few seconds until it runs, tags afterwards.
func karpenter(api *cs.CloudStackClient) {
	zones := api.Zone.NewListZonesParams()
	zones.SetAvailable(true)
	open, err := api.Zone.ListZones(zones)
	must(err)
	expect("T-89: only zones that are open", open.Count == 4)
	networks := api.Network.NewListNetworksParams()
	networks.SetZoneid(zone)
	found, err := api.Network.ListNetworks(networks)
	must(err)
	network := ""
	for _, each := range found.Networks {
		if tagsOf(api, each.Id, "Network")["karpenter.sh/discovery"] == "my-cluster" && network == "" {
			network = each.Id
		}
	}
	expect("T-89: a network is found by its tags, one question each", network != "")
	template := ""
	for _, filter := range []string{"featured", "community", "self"} {
		ask := api.Template.NewListTemplatesParams(filter)
		ask.SetZoneid(zone)
		rows, err := api.Template.ListTemplates(ask)
		must(err)
		for _, each := range rows.Templates {
			if tagsOf(api, each.Id, "Template")["os"] == "ubuntu" && each.Isready && template == "" {
				template = each.Id
			}
		}
	}
	expect("T-89: so is a template", template != "")
	offering, _, err := api.ServiceOffering.GetServiceOfferingID("medium")
	must(err)
	expect("T-89: tags of an offering never match", len(tagsOf(api, offering, "ServiceOffering")) == 0)

	order := api.VirtualMachine.NewDeployVirtualMachineParams(offering, template, zone)
	order.SetNetworkids([]string{network})
	order.SetName("karpenter-default-abc")
	order.SetDisplayname("karpenter-default-abc")
	order.SetUserdata(userData("#!/bin/bash\necho hello\n"))
	made, err := api.VirtualMachine.DeployVirtualMachine(order)
	must(err)
	look := api.VirtualMachine.NewListVirtualMachinesParams()
	look.SetId(made.Id)
	state := ""
	for tries := 0; state != "Running" && tries < 20; tries++ {
		rows, err := api.VirtualMachine.ListVirtualMachines(look)
		must(err)
		state = rows.VirtualMachines[0].State
		time.Sleep(100 * time.Millisecond)
	}
	expect("T-89: it runs", state == "Running")
	tag(api, made.Id, map[string]string{"team": "blue", "kubernetes.io/cluster/other": "owned", "karpenter.sh/nodeclaim": "default-abc"})
	expect("T-89: and has its tags", tagsOf(api, made.Id, "UserVm")["team"] == "blue")
	_, err = api.VirtualMachine.DestroyVirtualMachine(expunging(api, made.Id))
	expect("T-89: G-11: its users cannot destroy anything: expunge is refused", err != nil && strings.Contains(err.Error(), "expunging"))
	destroy(api, made.Id, false)
}

// T-87: the same cluster as cluster-autoscaler sees, in this client's types.
func cluster(api *cs.CloudStackClient) {
	clusters, err := api.Kubernetes.ListKubernetesClusters(api.Kubernetes.NewListKubernetesClustersParams())
	must(err)
	demo := clusters.KubernetesClusters[0]
	expect("T-87: a Kubernetes cluster has numbers", demo.Size == 2 && demo.Masternodes == 1 && demo.Maxsize == 5)
	wish := api.Kubernetes.NewScaleKubernetesClusterParams(demo.Id)
	wish.SetSize(3)
	grown, err := api.Kubernetes.ScaleKubernetesCluster(wish)
	must(err)
	expect("T-87: it grows by one", grown.Size == 3)
}

func refusals(api *cs.CloudStackClient) {
	_, err := client(strings.Repeat("0", 32)).Zone.ListZones(api.Zone.NewListZonesParams())
	expect("T-90: a wrong secret is refused with 401", err != nil && strings.Contains(err.Error(), "401"))
	_, _, err = api.VirtualMachine.GetVirtualMachineByID("00000000-0000-4000-8000-000000000000")
	expect("an id that never was is said in the words clients look for", err != nil && strings.Contains(err.Error(), "No match found"))
}

func tag(api *cs.CloudStackClient, id string, tags map[string]string) {
	answer, err := api.Resourcetags.CreateTags(api.Resourcetags.NewCreateTagsParams([]string{id}, "UserVm", tags))
	must(err)
	expect("tags are written", answer.Success)
}

func tagsOf(api *cs.CloudStackClient, id, kind string) map[string]string {
	ask := api.Resourcetags.NewListTagsParams()
	ask.SetResourceid(id)
	ask.SetResourcetype(kind)
	answer, err := api.Resourcetags.ListTags(ask)
	must(err)
	found := map[string]string{}
	for _, each := range answer.Tags {
		found[each.Key] = each.Value
	}
	return found
}

func expunging(api *cs.CloudStackClient, id string) *cs.DestroyVirtualMachineParams {
	order := api.VirtualMachine.NewDestroyVirtualMachineParams(id)
	order.SetExpunge(true)
	return order
}

func destroy(api *cs.CloudStackClient, id string, expunge bool) {
	order := api.VirtualMachine.NewDestroyVirtualMachineParams(id)
	order.SetExpunge(expunge)
	_, err := api.VirtualMachine.DestroyVirtualMachine(order)
	must(err)
	expect("it is destroyed", true)
}

func must(err error) {
	if err != nil {
		fmt.Println("failed:", err)
		os.Exit(1)
	}
}

func expect(what string, holds bool) {
	if !holds {
		fmt.Println("does not hold:", what)
		os.Exit(1)
	}
	fmt.Println(what)
}
