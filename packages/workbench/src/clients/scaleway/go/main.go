// The life of a server through scaleway-sdk-go, unchanged.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	block "github.com/scaleway/scaleway-sdk-go/api/block/v1"
	"github.com/scaleway/scaleway-sdk-go/api/instance/v1"
	"github.com/scaleway/scaleway-sdk-go/api/marketplace/v2"
	"github.com/scaleway/scaleway-sdk-go/scw"
)

const zone = scw.ZoneFrPar2

var interval = 500 * time.Millisecond

func main() {
	client, err := scw.NewClient(scw.WithEnv())
	must(err)
	api := instance.NewAPI(client)
	types(api)
	server := create(api, marketplace.NewAPI(client))
	run(api, server)
	remove(api, block.NewAPI(client), server)
	refusals(api)
}

func types(api *instance.API) {
	all, err := api.ListServersTypes(&instance.ListServersTypesRequest{Zone: zone}, scw.WithAllPages())
	must(err)
	expect("T-71: lists the types of all pages", len(all.Servers) > 100 && int(all.TotalCount) == len(all.Servers))
	l4 := all.Servers["L4-1-24G"]
	expect("reads GPU, price and memory of a type", l4 != nil && *l4.Gpu == 1 && l4.HourlyPrice > 0 && l4.RAM == 51539607552)
	stock, err := api.GetServerTypesAvailability(&instance.GetServerTypesAvailabilityRequest{Zone: zone}, scw.WithAllPages())
	must(err)
	expect("T-71: reads the availability of as many", len(stock.Servers) == len(all.Servers))
}

func create(api *instance.API, market *marketplace.API) *instance.Server {
	image, err := market.GetLocalImageByLabel(&marketplace.GetLocalImageByLabelRequest{
		ImageLabel:     "ubuntu_noble",
		Zone:           zone,
		CommercialType: "PRO2-XXS",
		Type:           marketplace.LocalImageTypeInstanceSbs,
	})
	must(err)
	made, err := api.CreateServer(&instance.CreateServerRequest{
		Zone:              zone,
		Name:              "sdk-go",
		CommercialType:    "PRO2-XXS",
		Image:             scw.StringPtr(image.ID),
		DynamicIPRequired: scw.BoolPtr(false),
		Tags:              []string{"made-by=sdk-go"},
	})
	must(err)
	server := made.Server
	expect("creates a server that is stopped", server.State == instance.ServerStateStopped && len(server.Volumes) == 1)
	must(api.SetServerUserData(&instance.SetServerUserDataRequest{
		Zone: zone, ServerID: server.ID, Key: "cloud-init", Content: strings.NewReader("#cloud-config\n"),
	}))
	keys, err := api.ListServerUserData(&instance.ListServerUserDataRequest{Zone: zone, ServerID: server.ID})
	must(err)
	expect("stores user data before power", len(keys.UserData) == 1 && keys.UserData[0] == "cloud-init")
	return server
}

func run(api *instance.API, server *instance.Server) {
	must(api.ServerActionAndWait(&instance.ServerActionAndWaitRequest{
		Zone: zone, ServerID: server.ID, Action: instance.ServerActionPoweron, RetryInterval: &interval,
	}))
	found, err := api.ListServers(&instance.ListServersRequest{Zone: zone, Tags: []string{"made-by=sdk-go"}}, scw.WithAllPages())
	must(err)
	expect("waits until it runs, and finds it by its tag",
		len(found.Servers) == 1 && found.Servers[0].State == instance.ServerStateRunning)
}

func remove(api *instance.API, blocks *block.API, server *instance.Server) {
	volume := server.Volumes["0"].ID
	_, err := api.ServerAction(&instance.ServerActionRequest{Zone: zone, ServerID: server.ID, Action: instance.ServerActionTerminate})
	must(err)
	until("terminates it", func() bool {
		_, err := api.GetServer(&instance.GetServerRequest{Zone: zone, ServerID: server.ID})
		var gone *scw.ResourceNotFoundError
		return errors.As(err, &gone)
	})
	_, err = blocks.WaitForVolume(&block.WaitForVolumeRequest{Zone: zone, VolumeID: volume, RetryInterval: &interval})
	must(err)
	must(blocks.DeleteVolume(&block.DeleteVolumeRequest{Zone: zone, VolumeID: volume}))
	fmt.Println("deletes the root volume, which outlives it")
}

func refusals(api *instance.API) {
	_, err := api.CreateServer(&instance.CreateServerRequest{Zone: zone, CommercialType: "PRO2-XXS"})
	var invalid *scw.InvalidArgumentsError
	expect("reads a refusal as its own kind of error", errors.As(err, &invalid) && len(invalid.Details) > 0)
}

func until(what string, holds func() bool) {
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(interval) {
		if holds() {
			fmt.Println(what)
			return
		}
	}
	expect(what, false)
}

func expect(what string, holds bool) {
	if !holds {
		must(fmt.Errorf("not so: %s", what))
	}
	fmt.Println(what)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
