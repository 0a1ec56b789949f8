// The life of a node pool through go-ovh, unchanged.
package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/ovh/go-ovh/ovh"
)

type pool struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	Status         string `json:"status"`
	AvailableNodes int    `json:"availableNodes"`
}

type machine struct {
	ID         string  `json:"id"`
	InstanceID *string `json:"instanceId"`
}

func main() {
	api := client(os.Getenv("APPLICATION_SECRET"))
	kube := "/cloud/project/" + os.Getenv("SERVICE_NAME") + "/kube/" + os.Getenv("KUBE_ID")

	delta, err := api.TimeDelta()
	must(err)
	expect("the clocks agree, so that signatures do", delta.Abs() <= 15*time.Second)
	var cluster struct {
		ID string `json:"id"`
	}
	must(api.Get(kube, &cluster))
	expect("reads the cluster", cluster.ID == os.Getenv("KUBE_ID"))
	var flavors []struct {
		Name string `json:"name"`
	}
	must(api.Get(kube+"/flavors", &flavors))
	expect("lists flavors", slices.ContainsFunc(flavors, func(flavor struct {
		Name string `json:"name"`
	}) bool {
		return flavor.Name == "b3-8"
	}))

	created := pool{}
	body := map[string]any{"name": "go-ovh", "flavorName": "b3-8", "desiredNodes": 1, "availabilityZones": []string{"eu-west-par-a"}}
	must(api.Post(kube+"/nodepool", body, &created))
	pools := []pool{}
	must(api.Get(kube+"/nodepool", &pools))
	expect("lists the pool it created", len(pools) == 1 && pools[0].Name == "go-ovh")
	path := kube + "/nodepool/" + created.ID
	until("the pool becomes READY", func() bool { return read(api, path).Status == "READY" })

	must(api.Put(path, map[string]any{"desiredNodes": 3}, nil))
	until("three machines are ready", func() bool { return read(api, path).AvailableNodes == 3 })
	before := machines(api, path)
	expect("each machine has an instance", !slices.ContainsFunc(before, func(each machine) bool { return each.InstanceID == nil }))

	must(api.Put(path, map[string]any{"desiredNodes": 2, "nodesToRemove": []string{before[0].ID}}, nil))
	until("the named machine goes, and no other", func() bool {
		return slices.Equal(ids(machines(api, path)), ids(before[1:]))
	})
	until("the pool is READY again", func() bool { return read(api, path).Status == "READY" })
	must(api.Put(path, map[string]any{"desiredNodes": 0, "nodesToRemove": ids(before[1:])}, nil))
	until("the pool is empty", func() bool { return len(machines(api, path)) == 0 && read(api, path).Status == "READY" })
	must(api.Delete(path, nil))
	until("the pool is gone", func() bool { return codeOf(api.Get(path, nil)) == 404 })

	refused := &ovh.APIError{}
	err = api.Post(kube+"/nodepool", map[string]any{"flavorName": "b3-8", "name": "Not_a_name"}, nil)
	expect("a refusal has its text and its query id",
		errors.As(err, &refused) && refused.Code == 400 && refused.Message != "" && refused.QueryID != "")
	expect("a wrong signature is refused", codeOf(client("00000000000000000000000000000000").Get(kube, nil)) >= 400)
}

func client(secret string) *ovh.Client {
	made, err := ovh.NewClient(os.Getenv("FAKE_URL"), os.Getenv("APPLICATION_KEY"), secret, os.Getenv("CONSUMER_KEY"))
	must(err)
	return made
}

func read(api *ovh.Client, path string) pool {
	found := pool{}
	must(api.Get(path, &found))
	return found
}

func machines(api *ovh.Client, path string) []machine {
	found := []machine{}
	must(api.Get(path+"/nodes", &found))
	return found
}

func ids(list []machine) []string {
	found := []string{}
	for _, each := range list {
		found = append(found, each.ID)
	}
	slices.Sort(found)
	return found
}

func codeOf(err error) int {
	refused := &ovh.APIError{}
	if errors.As(err, &refused) {
		return refused.Code
	}
	return 0
}

func until(what string, look func() bool) {
	for range 300 {
		if look() {
			fmt.Println(what)
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	fail("not within 30 s: " + what)
}

func expect(what string, holds bool) {
	if !holds {
		fail("does not hold: " + what)
	}
	fmt.Println(what)
}

func must(err error) {
	if err != nil {
		fail(err.Error())
	}
}

func fail(why string) {
	fmt.Fprintln(os.Stderr, why)
	os.Exit(1)
}
