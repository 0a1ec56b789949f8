import { describe, expect, it } from "vitest";
import type { CertificateSigningRequest } from "../../api/index.ts";
import { certificateRequest, type RequestedNames } from "../../testing/certificate-request.ts";
import { canonicalAddress, certificateNames } from "./certificate-request.ts";
import { askingNode, objection } from "./serving-request.ts";

const NODE = "gpu-x7k2p";
const OWN: RequestedNames = {
  commonName: `system:node:${NODE}`,
  organizations: ["system:nodes"],
  dnsNames: [NODE],
  addresses: ["51.15.1.2", "10.0.0.7"],
};
const ADDRESSES = ["51.15.1.2", "10.0.0.7/22", "2001:db8::1/64"];

const request = (
  names: RequestedNames | string,
  spec: Partial<CertificateSigningRequest["spec"]> = {},
): CertificateSigningRequest => ({
  metadata: { name: "csr-1" },
  spec: {
    request: Buffer.from(typeof names === "string" ? names : certificateRequest(names)).toString("base64"),
    signerName: "kubernetes.io/kubelet-serving",
    usages: ["digital signature", "server auth"],
    username: `system:node:${NODE}`,
    groups: ["system:nodes", "system:authenticated"],
    ...spec,
  },
});

const answer = (names: RequestedNames | string, spec?: Partial<CertificateSigningRequest["spec"]>) =>
  objection(request(names, spec), NODE, ADDRESSES);

describe("certificateNames", () => {
  it("reads the subject and every alternative name of a request", () => {
    const names = { ...OWN, addresses: ["10.0.0.7", "2001:db8:0:0:0:0:0:1"], emails: ["a@b"] };
    expect(certificateNames(certificateRequest(names))).toEqual({
      commonNames: [`system:node:${NODE}`],
      organizations: ["system:nodes"],
      dnsNames: [NODE],
      addresses: ["10.0.0.7", "2001:db8::1"],
      otherNames: 1,
    });
    const many = Array.from({ length: 60 }, (_, index) => `host-${index}.example.com`);
    expect(certificateNames(certificateRequest({ ...OWN, dnsNames: many })).dnsNames).toEqual(many);
  });

  it.each([
    ["no PEM", "hello"],
    ["nothing inside", "-----BEGIN CERTIFICATE REQUEST-----\n\n-----END CERTIFICATE REQUEST-----"],
    ["something else", "-----BEGIN CERTIFICATE REQUEST-----\nMAMCAQE=\n-----END CERTIFICATE REQUEST-----"],
  ])("%s is none", (_, text) => {
    expect(() => certificateNames(text)).toThrow(/certificate request/);
  });

  it("a request that was cut off is none", () => {
    const bytes = Buffer.from(certificateRequest(OWN).split("\n").slice(1, -2).join(""), "base64");
    const cut = bytes.subarray(0, bytes.length - 40).toString("base64");
    expect(() =>
      certificateNames(`-----BEGIN CERTIFICATE REQUEST-----\n${cut}\n-----END CERTIFICATE REQUEST-----`),
    ).toThrow(/cut off/);
  });

  it.each([
    ["10.0.0.7", "10.0.0.7"],
    ["2001:DB8:0::1", "2001:db8::1"],
    ["10.7", undefined],
    ["0x0a.0.0.7", undefined],
    ["gpu.example.com", undefined],
    ["", undefined],
  ])("the address %s is %s", (written, address) => {
    expect(canonicalAddress(written)).toBe(address);
  });
});

describe("askingNode", () => {
  it("is who sent an undecided request for a serving certificate", () => {
    expect(askingNode(request(OWN))).toBe(NODE);
  });

  it.each<[string, CertificateSigningRequest]>([
    ["for another signer", request(OWN, { signerName: "kubernetes.io/kube-apiserver-client-kubelet" })],
    ["by somebody else", request(OWN, { username: "system:serviceaccount:default:default" })],
    ["that is decided", { ...request(OWN), status: { conditions: [{ type: "Denied", status: "True" }] } }],
    ["that is going", { ...request(OWN), metadata: { name: "csr-1", deletionTimestamp: "2026-11-22T00:00:00Z" } }],
  ])("nobody for a request %s", (_, asked) => {
    expect(askingNode(asked)).toBeUndefined();
  });
});

describe("objection", () => {
  it("there is none against the node's own name and its machine's addresses", () => {
    expect(answer(OWN)).toBeUndefined();
    expect(answer({ ...OWN, dnsNames: [] })).toBeUndefined();
    expect(answer({ ...OWN, addresses: ["2001:db8:0:0:0:0:0:1"] })).toBeUndefined();
    expect(answer(OWN, { usages: ["key encipherment", "digital signature", "server auth"] })).toBeUndefined();
  });

  it.each<[string, RequestedNames | string, Partial<CertificateSigningRequest["spec"]>, RegExp]>([
    [
      "an address of another machine",
      { ...OWN, addresses: ["10.0.0.7", "10.0.0.8"] },
      {},
      /^10\.0\.0\.8 is not its own/,
    ],
    [
      "another host",
      { ...OWN, dnsNames: [NODE, "kubernetes.default.svc"] },
      {},
      /kubernetes\.default\.svc is not its own/,
    ],
    ["a part of its name", { ...OWN, dnsNames: ["gpu"] }, {}, /gpu is not its own/],
    ["no name", { ...OWN, dnsNames: [], addresses: [] }, {}, /no name at all/],
    ["an address of mail", { ...OWN, emails: ["root@example.com"] }, {}, /neither of hosts nor addresses/],
    ["another subject", { ...OWN, commonName: "system:node:other" }, {}, /subject is not the node/],
    ["other groups", { ...OWN, organizations: ["system:nodes", "system:masters"] }, {}, /other groups/],
    ["no group", { ...OWN, organizations: [] }, {}, /other groups/],
    ["a sender that is not the node", OWN, { username: "system:node:other" }, /not sent by the node/],
    ["a sender in no group of nodes", OWN, { groups: ["system:authenticated"] }, /not sent by the node/],
    ["a client's certificate", OWN, { usages: ["digital signature", "server auth", "client auth"] }, /client auth/],
    ["no use as a server", OWN, { usages: ["digital signature"] }, /used for digital signature/],
    ["something that is no request", "hello", {}, /cannot be read/],
  ])("there is one against %s", (_, names, spec, why) => {
    expect(answer(names, spec)).toMatch(why);
  });

  it("there is one against every address of a machine that the cloud does not know", () => {
    expect(objection(request({ ...OWN, addresses: ["10.0.0.7"] }), NODE, [])).toMatch(/10\.0\.0\.7 is not its own/);
  });
});
