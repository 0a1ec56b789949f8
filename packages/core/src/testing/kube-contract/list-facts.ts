// What a list contains: selection, order and pages.

import { expect, it } from "vitest";
import { ConfigMaps, Events, NodeClaims, Nodes, Pods, Secrets, type ConfigMap } from "../../api/index.ts";
import { isExpired, keyOf, type ListOptions } from "../../kube/index.ts";
import { expectRefusal, type World } from "./world.ts";

export function listFacts(world: World): void {
  const configs = async (options: ListOptions): Promise<readonly string[]> => {
    const { items } = await world.client.list(ConfigMaps, { namespace: world.namespace, ...options });
    return items.map(({ metadata }) => metadata.name ?? "");
  };

  /** Configs of one test: they share the label `group`. */
  const makeGroup = async (labels: readonly Record<string, string>[]): Promise<{ group: string; names: string[] }> => {
    const group = world.name("group");
    const names: string[] = [];
    for (const own of labels) names.push((await world.configMap({ labels: { group, ...own } })).metadata.name ?? "");
    return { group, names };
  };

  it("sorts by name and tells the version of the whole", async () => {
    const { group, names } = await makeGroup([{}, {}, {}]);
    const list = await world.client.list(ConfigMaps, { namespace: world.namespace, labelSelector: `group=${group}` });
    expect(list.items.map(({ metadata }) => metadata.name)).toEqual(names.toSorted());
    expect(list.resourceVersion).toMatch(/^[1-9][0-9]*$/);
    expect(list.continue).toBeUndefined();
  });

  it("lists one namespace or all", async () => {
    const config = await world.configMap({ labels: { here: "yes" } });
    const inDefault = await world.configMap({ namespace: "default", labels: { here: "yes" } });
    const everywhere = (await world.client.list(ConfigMaps, { labelSelector: "here=yes" })).items.map(uidOf);
    expect(everywhere).toEqual(expect.arrayContaining([uidOf(config), uidOf(inDefault)]));
    const here = await world.client.list(ConfigMaps, { namespace: world.namespace, labelSelector: "here=yes" });
    expect(here.items.map(uidOf)).toEqual([uidOf(config)]);
  });

  it("selects by labels in every form", async () => {
    const { group, names } = await makeGroup([{ tier: "a" }, { tier: "b" }, {}, { tier: "c", size: "7" }]);
    const select = async (text: string) => {
      const found = await configs({ labelSelector: `group=${group},${text}` });
      return names.flatMap((name, index) => (found.includes(name) ? [index] : []));
    };
    expect(await select("tier=a")).toEqual([0]);
    expect(await select("tier==b")).toEqual([1]);
    expect(await select("tier!=a")).toEqual([1, 2, 3]);
    expect(await select("tier in (a,b)")).toEqual([0, 1]);
    expect(await select("tier notin (a, b)")).toEqual([2, 3]);
    expect(await select("tier")).toEqual([0, 1, 3]);
    expect(await select("!tier")).toEqual([2]);
    expect(await select("size>6,tier")).toEqual([3]);
    expect(await select("size<7")).toEqual([]);
  });

  it("refuses a label selector it cannot read", async () => {
    await expectRefusal(configs({ labelSelector: "a in b" }), { code: 400, reason: "BadRequest" });
    await expectRefusal(configs({ labelSelector: "a=b c" }), { code: 400 });
  });

  it("selects any kind by name", async () => {
    const [one] = [await world.claim(), await world.claim()];
    const fieldSelector = `metadata.name=${one.metadata.name}`;
    const { items } = await world.client.list(NodeClaims, { fieldSelector });
    expect(items.map(uidOf)).toEqual([uidOf(one)]);
  });

  it("selects pods by node and phase", async () => {
    const run = world.name("run");
    const [free, bound] = [await world.pod({ labels: { run } }), await world.runningPod({ run })];
    const pods = async (fieldSelector: string) => {
      const { items } = await world.client.list(Pods, {
        namespace: world.namespace,
        labelSelector: `run=${run}`,
        fieldSelector,
      });
      return items.map(uidOf);
    };
    expect(await pods("spec.nodeName=nowhere")).toEqual([uidOf(bound)]);
    expect(await pods("spec.nodeName=")).toEqual([uidOf(free)]);
    expect(await pods("status.phase!=Pending")).toEqual([uidOf(bound)]);
    expect(await pods("status.phase=Pending,spec.schedulerName=default-scheduler")).toEqual([uidOf(free)]);
  });

  it("selects secrets by type and events by what they are about", async () => {
    const metadata = { name: world.name("secret"), namespace: world.namespace };
    const secret = await world.create(Secrets, { metadata, type: "example.com/one" });
    const secrets = await world.client.list(Secrets, {
      namespace: world.namespace,
      fieldSelector: "type=example.com/one",
    });
    expect(secrets.items.map(uidOf)).toEqual([uidOf(secret)]);
    const name = world.name("about");
    const event = await world.create(Events, {
      metadata: { name: world.name("event"), namespace: world.namespace },
      involvedObject: { kind: "Pod", name, namespace: world.namespace },
      reason: "Tested",
      message: "",
      type: "Warning",
    });
    const fieldSelector = `involvedObject.name=${name},reason=Tested,type!=Normal`;
    const events = await world.client.list(Events, { namespace: world.namespace, fieldSelector });
    expect(events.items.map(uidOf)).toEqual([uidOf(event)]);
  });

  it("refuses fields that cannot be selected by", async () => {
    await expectRefusal(world.client.list(Nodes, { fieldSelector: "spec.providerID=x" }), {
      code: 400,
      reason: "BadRequest",
    });
    await expectRefusal(world.client.list(NodeClaims, { fieldSelector: "status.providerID=x" }), { code: 400 });
    await expectRefusal(world.client.list(Pods, { fieldSelector: "spec.priority=0" }), { code: 400 });
  });

  it("RT-2: pages through one consistent state", async () => {
    const { group, names } = await makeGroup([{}, {}, {}, {}, {}]);
    const labelSelector = `group=${group}`;
    const page = (more: ListOptions) =>
      world.client.list(ConfigMaps, { namespace: world.namespace, labelSelector, limit: 2, ...more });
    const first = await page({});
    await world.configMap({ labels: { group } });
    const [, , third = ""] = names.toSorted();
    await world.client.delete(ConfigMaps, { name: third, namespace: world.namespace });
    const second = await page({ continue: first.continue ?? "" });
    const last = await page({ continue: second.continue ?? "" });
    const all = [first, second, last].flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
    expect(all).toEqual(names.toSorted());
    expect([first.items.length, second.items.length, last.items.length]).toEqual([2, 2, 1]);
    expect([second.resourceVersion, last.resourceVersion]).toEqual([first.resourceVersion, first.resourceVersion]);
    expect(last.continue).toBeUndefined();
  });

  it("continues a page from a forgotten state consistently or says that it has expired", async () => {
    const { group, names } = await makeGroup([{}, {}, {}]);
    const options = { namespace: world.namespace, labelSelector: `group=${group}`, limit: 2 };
    const first = await world.client.list(ConfigMaps, options);
    await world.configMap({ labels: { group } });
    await world.compact();
    const rest = await world.client
      .list(ConfigMaps, { ...options, continue: first.continue ?? "" })
      .catch((e: unknown) => e);
    const told = isExpired(rest) ? "expired" : namesOf(rest as { readonly items: readonly ConfigMap[] });
    expect(["expired", names.toSorted().slice(2).join()]).toContain(told);
  });

  it("refuses a continue token that it did not make", async () => {
    await expectRefusal(configs({ limit: 1, continue: "nonsense" }), { code: 400 });
  });

  it("answers what was just written", async () => {
    const config = await world.configMap({ labels: { fresh: "yes" } });
    expect(await configs({ labelSelector: "fresh" })).toEqual([config.metadata.name]);
    await world.client.delete(ConfigMaps, keyOf(config));
    expect(await configs({ labelSelector: "fresh" })).toEqual([]);
  });
}

function uidOf({ metadata }: { readonly metadata: { readonly uid?: string } }): string {
  return metadata.uid ?? "";
}

function namesOf({ items }: { readonly items: readonly ConfigMap[] }): string {
  return items.map(({ metadata }) => metadata.name).join();
}
