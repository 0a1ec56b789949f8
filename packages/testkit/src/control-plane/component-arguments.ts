// The command line of each component.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Component } from "./control-plane.ts";
import type { Layout } from "./layout.ts";

const LOOPBACK = "127.0.0.1";
const ISSUER = "https://kubernetes.default.svc";
/** From src and from dist alike. */
const KWOK_STAGES = fileURLToPath(new URL("../../src/control-plane/kwok-stages.yaml", import.meta.url));

export interface ArgumentOptions {
  /** Only kube-controller-manager makes the service accounts that the admission plugin asks for. */
  readonly serviceAccountAdmission: boolean;
  readonly nodeAuthority?: NodeAuthority;
}

/** Who signs certificates of kubelets. With it nodes have exactly the rights that they have in a cluster. */
export interface NodeAuthority {
  readonly certFile: string;
  readonly keyFile: string;
}

export function componentArguments(component: Component, layout: Layout, options: ArgumentOptions): readonly string[] {
  switch (component) {
    case "etcd":
      return etcdArguments(layout);
    case "kube-apiserver":
      return apiServerArguments(layout, options);
    case "kube-scheduler":
      return schedulerArguments(layout);
    case "kube-controller-manager":
      return controllerManagerArguments(layout, options);
    case "kwok":
      return kwokArguments(layout);
  }
}

function etcdArguments({ folder, ports }: Layout): readonly string[] {
  const client = `http://${LOOPBACK}:${ports.etcdClient}`;
  const peer = `http://${LOOPBACK}:${ports.etcdPeer}`;
  return [
    "--name=etcd",
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=etcd=${peer}`,
    "--unsafe-no-fsync",
    // As installers set it: watches of quiet resources get fresh bookmarks.
    "--watch-progress-notify-interval=5s",
    "--log-level=warn",
  ];
}

function apiServerArguments(layout: Layout, options: ArgumentOptions): readonly string[] {
  const { serviceAccountAdmission, nodeAuthority } = options;
  return [
    `--etcd-servers=http://${LOOPBACK}:${layout.ports.etcdClient}`,
    `--bind-address=${LOOPBACK}`,
    `--advertise-address=${LOOPBACK}`,
    `--secure-port=${layout.ports.apiServer}`,
    `--cert-dir=${join(layout.folder, "kube-apiserver")}`,
    `--authorization-mode=${nodeAuthority === undefined ? "RBAC" : "Node,RBAC"}`,
    "--enable-bootstrap-token-auth",
    `--token-auth-file=${layout.tokensFile}`,
    `--service-account-issuer=${ISSUER}`,
    `--service-account-key-file=${layout.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${layout.serviceAccountKey}`,
    "--service-cluster-ip-range=10.0.0.0/24",
    "--endpoint-reconciler-type=none",
    "--allow-privileged=true",
    `--audit-policy-file=${layout.auditPolicy}`,
    `--audit-log-path=${layout.auditLog}`,
    ...(serviceAccountAdmission ? [] : ["--disable-admission-plugins=ServiceAccount"]),
    ...(nodeAuthority === undefined
      ? []
      : [`--client-ca-file=${nodeAuthority.certFile}`, "--enable-admission-plugins=NodeRestriction"]),
  ];
}

function schedulerArguments(layout: Layout): readonly string[] {
  return [...managedArguments(layout, "kube-scheduler", layout.ports.scheduler)];
}

function controllerManagerArguments(layout: Layout, { nodeAuthority }: ArgumentOptions): readonly string[] {
  return [
    ...managedArguments(layout, "kube-controller-manager", layout.ports.controllerManager),
    `--service-account-private-key-file=${layout.serviceAccountKey}`,
    `--root-ca-file=${layout.caFile}`,
    // As kubeadm starts it: the two that serve bootstrap tokens are off by default.
    "--controllers=*,bootstrapsigner,tokencleaner",
    ...(nodeAuthority === undefined
      ? []
      : [
          `--cluster-signing-cert-file=${nodeAuthority.certFile}`,
          `--cluster-signing-key-file=${nodeAuthority.keyFile}`,
        ]),
  ];
}

/** They serve nothing but their health. */
function managedArguments(layout: Layout, component: Component, port: number): readonly string[] {
  return [
    `--kubeconfig=${layout.adminKubeconfig}`,
    "--leader-elect=false",
    `--bind-address=${LOOPBACK}`,
    `--secure-port=${port}`,
    `--cert-dir=${join(layout.folder, component)}`,
  ];
}

function kwokArguments(layout: Layout): readonly string[] {
  return [
    `--kubeconfig=${layout.adminKubeconfig}`,
    `--config=${KWOK_STAGES}`,
    "--manage-all-nodes=true",
    `--node-ip=${LOOPBACK}`,
    "--cidr=10.244.0.0/16",
    "--node-lease-duration-seconds=40",
    `--server-address=${LOOPBACK}:${layout.ports.kwok}`,
  ];
}
