import { Secrets } from "@karpenter-multicloud/core/api";
import type { Node } from "@karpenter-multicloud/core/api";
import { TEST_CA, TEST_CLUSTER } from "@karpenter-multicloud/core/testing/cloud-init";
import { afterEach, describe, expect, it } from "vitest";
import { CloudStackNodeClasses } from "../api/cloudstack-node-class.ts";
import { Bench } from "../test-bench.ts";
import type { BenchOptions } from "../test-bench.ts";
import { TinyClient } from "../testing/tiny-client.ts";

let bench: Bench;
let joined: Node[];

const start = async (options: BenchOptions = {}): Promise<void> => {
  joined = [];
  const hooks = {
    nodeJoins: (node: Node) => Promise.resolve(void joined.push(node)),
    nodeReady: () => Promise.resolve(),
    nodeNotReady: () => Promise.resolve(),
    nodeLeaves: () => Promise.resolve(),
    nodeExists: () => Promise.resolve(true),
  };
  const cluster = {
    // Only known once the bench stands.
    kube: { get: (...args: Parameters<Bench["kube"]["get"]>) => bench.kube.get(...args) } as Pick<Bench["kube"], "get">,
    endpoints: [TEST_CLUSTER.endpoint],
    caBundle: TEST_CA,
    version: TEST_CLUSTER.kubernetesVersion,
  };
  bench = await Bench.start({ ...options, fake: { hooks, cluster, ...options.fake } });
};

afterEach(() => bench.close());

const register = async (name: string, text: string, params?: string): Promise<void> => {
  const userdata = Buffer.from(text).toString("base64");
  const { status } = await new TinyClient(bench.fake.credentials).call(
    "registerUserData",
    { name, userdata, ...(params === undefined ? {} : { params }) },
    "POST",
  );
  expect(status).toBe(200);
};

/** In place of the class's own user data. */
const refer = async (name: string, parameters?: Readonly<Record<string, string>>): Promise<void> => {
  const userDataRef = { name, ...(parameters === undefined ? {} : { parameters }) };
  await bench.putClass("registered", { userData: undefined as never, userDataRef });
  await bench.pass(62_000);
};

const details = (): readonly unknown[] => bench.fake.state().virtualMachines.map((row) => row["userdatadetails"]);

describe("userDataRef.parameters (userdatadetails)", () => {
  it("are filled in for each machine and sent beside the id of the user data", async () => {
    await start();
    await register("join", "## template: jinja\n#!/bin/bash\n", "node, pool,Mixed_case");
    await refer("join", { node: "{{ .NodeName }}", pool: "${NodePool}", Mixed_case: "a=b" });
    expect(await bench.condition("Ready", "registered")).toMatch(/^True/);
    await bench.launch("a1", { nodeClass: "registered" });
    await bench.launch("a2", { nodeClass: "registered" });
    expect(details()).toEqual(["{node=a1, pool=default, Mixed_case=a=b}", "{node=a2, pool=default, Mixed_case=a=b}"]);
    const [order] = bench.calls("deployVirtualMachine");
    expect(order?.body).toMatchObject({ "userdatadetails[0].Mixed_case": "a=b", userdataid: expect.any(String) });
    expect(order?.body).not.toHaveProperty("userdata");
    // Nothing of them asks for a token.
    expect((await bench.kube.list(Secrets, { namespace: "kube-system" })).items).toEqual([]);
  });

  it("a machine joins by them: its name, and a token of its own", async () => {
    await start();
    // Alone the product's part is plain text.
    await bench.putClass("plain", { userData: undefined as never });
    await bench.pass(2_000);
    await bench.launch("pattern", { nodeClass: "plain" });
    const text = bench.fake.userData("pattern") ?? "";
    const token = /token: "?([a-z0-9]{6}\.[a-z0-9]{16})/.exec(text)?.[1] ?? "";
    expect(token).not.toBe("");
    const template = text
      .replaceAll(token, "{{ ds.meta_data.token }}")
      .replaceAll("pattern", "{{ ds.meta_data.node_name }}");
    await register("join", `## template: jinja\n${template}`, "token,node_name");
    await refer("join", { token: "{{ .Token }}", node_name: "{{ .NodeName }}" });
    const claim = await bench.launch("a1", { nodeClass: "registered" });
    await bench.pass(70_000);
    expect(bench.fake.state().machines.find(({ name }) => name === "a1")).toMatchObject({ boot: "joins", node: "a1" });
    expect(joined.find(({ metadata }) => metadata.name === "a1")?.spec?.providerID).toBe(claim.status?.providerID);
    expect(String(details()[1])).not.toContain(token);
  });

  it("one that the user data was registered with and that is not given is named", async () => {
    await start();
    await register("join", "#!/bin/bash\n", "token,zone");
    await refer("join", { zone: "a" });
    expect(await bench.condition("ValidationSucceeded", "registered")).toMatch(
      /^False UserDataParameterMissing.*join.*parameters token:/,
    );
  });

  it("a variable that is none, and a value that the server would cut, are found before a machine is bought", async () => {
    await start();
    await register("join", "#!/bin/bash\n");
    await refer("join", { zone: "{{ .Nothing }}" });
    expect(await bench.condition("ValidationSucceeded", "registered")).toMatch(/^False UnknownVariable.*Nothing/);
    await bench.deleteClass("registered");
    await bench.pass(1_000);
    await refer("join", { all: "{{ .Taints }}" });
    expect(await bench.condition("BootstrapReady", "registered")).toMatch(/^True/);
    const claim = await bench.putClaim("a1", { nodeClass: "registered" });
    const spec = { ...claim.spec, taints: [{ key: "a", effect: "NoSchedule" as const, value: "b" }] };
    const refused = bench.during(bench.provider.create({ ...claim, spec }, { signal: bench.signal }));
    await expect(refused).rejects.toThrow(/userDataRef.parameters.all has a comma/);
    expect(bench.calls("deployVirtualMachine")).toEqual([]);
    await expect(bench.putClass("comma", { userDataRef: { name: "join", parameters: { a: "b,c" } } })).rejects.toThrow(
      /parameters/,
    );
    await expect(bench.putClass("name", { userDataRef: { name: "join", parameters: { "a-b": "c" } } })).rejects.toThrow(
      /letters, digits and underscores/,
    );
  });

  it("§11: other values are other machines", async () => {
    await start();
    await register("join", "#!/bin/bash\n", "zone");
    await refer("join", { zone: "a" });
    const claim = await bench.launch("a1", { nodeClass: "registered" });
    const drift = (): Promise<string> => bench.during(bench.provider.isDrifted(claim, { signal: bench.signal }));
    expect(await drift()).toBe("");
    const body = { spec: { userDataRef: { parameters: { zone: "b" } } } };
    await bench.kube.patch(CloudStackNodeClasses, { name: "registered" }, { type: "merge", body });
    await bench.pass(2_000);
    expect(await drift()).toBe("NodeClassDrift");
  });
});
