// CloudStack's own Kubernetes service, as far as cluster-autoscaler uses it: one cluster whose workers are counted up and down.

import { unknownId } from "../api-error.ts";
import type { Ground } from "../world/ground.ts";
import type { Row } from "../world/records.ts";
import type { Call, Command, Json } from "./command.ts";
import { groundOf, listed } from "./command.ts";

const DEMO_ID = "b2dd0715-9cb7-5d8a-ab79-ffb67c0ffbd0";

interface Worker {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

export const KUBERNETES_COMMANDS: readonly Command[] = [
  {
    name: "listKubernetesClusters",
    params: ["id", "name", "projectid", "listall", "page", "pagesize"],
    handle: (call) => {
      const clusters = clustersOf(groundOf(call));
      const id = call.params.text("id");
      if (id !== undefined && !clusters.some((row) => row.id === id)) throw unknownId(call.params.command, "id", id);
      return listed(
        call,
        "kubernetescluster",
        clusters.filter((row) => id === undefined || row.id === id),
      );
    },
  },
  {
    name: "scaleKubernetesCluster",
    isAsync: true,
    params: ["id!", "size", "nodeids", "serviceofferingid"],
    handle: scale,
  },
];

function scale(call: Call): Json {
  const { params, caller, backend } = call;
  const ground = groundOf(call);
  const id = params.required("id");
  const cluster = clustersOf(ground).find((row) => row.id === id);
  if (cluster === undefined) throw unknownId(params.command, "id", id);
  const [size, gone] = [params.number("size"), params.list("nodeids")];
  const order = {
    cmd: "kubernetes.cluster.ScaleKubernetesClusterCmd",
    caller,
    instanceType: "KubernetesCluster",
    instanceId: id,
    fault: call.jobFault,
  };
  const jobid = backend.world.jobs.start(order, (running) => {
    const workers = (cluster["virtualmachines"] as readonly Worker[]).filter((worker) => !gone.includes(worker.id));
    const wanted = size ?? Math.max(0, workers.length - 1);
    const names = workers.slice(0, 1 + wanted);
    while (names.length < 1 + wanted) {
      names.push({ id: ground.random.uuid(), name: `demo-node-${names.length}`, state: "Running" });
    }
    Object.assign(cluster, { virtualmachines: names, size: wanted });
    running.done({ kubernetescluster: cluster });
  });
  return { jobid };
}

function clustersOf(ground: Ground): readonly Row[] {
  if (ground.clusters.length === 0) {
    const offering = ground.offerings.find(({ name }) => name === "medium");
    const worker = (name: string): Worker => ({ id: ground.random.uuid(), name, state: "Running" });
    ground.clusters.push({
      id: DEMO_ID,
      name: "demo",
      description: "demo",
      zoneid: ground.zones[0]?.id,
      zonename: ground.zones[0]?.name,
      serviceofferingid: offering?.id,
      serviceofferingname: offering?.name,
      kubernetesversionid: "8da84c35-bbf8-51a8-98e5-c031f2e9bd42",
      kubernetesversionname: "v1.33.2",
      networkid: ground.networks[0]?.id,
      state: "Running",
      size: 2,
      masternodes: 1,
      controlnodes: 1,
      minsize: 1,
      maxsize: 5,
      autoscalingenabled: true,
      cpunumber: "6",
      memory: "12288",
      endpoint: "https://192.0.2.10:6443/",
      ipaddress: "192.0.2.10",
      clustertype: "CloudManaged",
      account: "k8s",
      domain: "tenant-a",
      domainid: "9baea81b-55bb-5694-8b4e-823fcdf3809f",
      domainpath: "ROOT/tenant-a",
      virtualmachines: ["demo-control-1", "demo-node-1", "demo-node-2"].map(worker),
    });
  }
  return ground.clusters;
}
