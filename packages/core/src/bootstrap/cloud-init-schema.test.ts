// Every cloud-config that we write, before cloud-init's own schema.

import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { aJoinPlan } from "../testing/cloud-init/index.ts";
import { renderUserData, type JoinPlan } from "./index.ts";

const schema = JSON.parse(
  readFileSync(new URL("./test-data/schema-cloud-config-v1.json", import.meta.url), "utf8"),
) as Record<string, unknown>;
// Its dialect is older than the library; it uses no word that has changed its meaning since.
const { $schema: _, ...rules } = schema;
const validate = new Ajv({ strict: false, validateFormats: false, allErrors: true, logger: false }).compile(rules);

function mistakes(text: string): readonly unknown[] {
  validate(parse(text, { version: "1.1" }));
  return validate.errors ?? [];
}

const plan = aJoinPlan();
const secret = { token: "K10abc::server:xyz", POOL_ID: "p", POOL_REGION: "fr-par", SCW_SECRET_KEY: "k" };
const DOCUMENTS: readonly (readonly [string, Partial<JoinPlan>])[] = [
  ["kubeadm", {}],
  ["kubeadm on a prepared image", { settings: { install: "preinstalled", cloudProvider: "none" } }],
  [
    "kubeadm with everything",
    {
      node: {
        ...plan.node,
        gpu: true,
        nodeIPInterface: "ens5",
        providerID: { prefix: "cloudstack://", lookups: ["id"] },
      },
      settings: {
        sshKeys: ["ssh-ed25519 AAAA ops"],
        preScript: "echo 1",
        postScript: "echo 2",
        prepare: ["mkfs.ext4 /dev/vdb"],
        files: [{ path: "/etc/motd", content: "yes: no\n" }],
      },
    },
  ],
  ["k3s", { mode: "k3s" }],
  ["RKE2", { mode: "rke2", material: { secret } }],
  ["Kosmos", { mode: "kosmos", material: { secret } }],
];

describe("cloud-init's schema", () => {
  it.each(DOCUMENTS)("accepts what a machine gets in mode %s", (_mode, over) => {
    expect(mistakes(renderUserData(aJoinPlan(over)))).toEqual([]);
  });

  it("would refuse a file without path, a permission that is a number and commands that are no list", () => {
    const text = renderUserData(plan);
    expect(mistakes(text.replace("path: /etc/karpenter/join.yaml", "file: /x"))).not.toEqual([]);
    expect(mistakes(text.replace('permissions: "0600"', "permissions: 0600"))).not.toEqual([]);
    expect(mistakes(text.replace(/runcmd:[\s\S]*$/, "runcmd: echo\n"))).not.toEqual([]);
  });
});
