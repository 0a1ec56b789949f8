// Whose key it is: SSH keys, API keys and projects, as far as clients ask (W-70).

import { notFound } from "../api-error.ts";
import type { Call, Route } from "../router.ts";
import { routesOf } from "../router.ts";
import { plainTime } from "../world/timestamps.ts";
import { ground, param, plainList } from "./call-context.ts";

export const ACCOUNT_ROUTES: readonly Route[] = routesOf("instance", [
  ["listSshKeys", "GET", "/iam/v1alpha1/ssh-keys", (call) => plainList(call, "ssh_keys", [])],
  ["getSshKey", "GET", "/iam/v1alpha1/ssh-keys/{id}", (call) => missing(call, "ssh_key")],
  ["getApiKey", "GET", "/iam/v1alpha1/api-keys/{accessKey}", getApiKey],
  ["getProject", "GET", "/account/v3/projects/{id}", getProject],
  ["listProjects", "GET", "/account/v3/projects", (call) => plainList(call, "projects", [projectView(call)])],
  [
    "listProducts",
    "GET",
    "/product-catalog/v2alpha1/public-catalog/products",
    (call) => plainList(call, "products", []),
  ],
]);

function missing(call: Call, resource: string): never {
  throw notFound(resource, param(call, "id"));
}

function getApiKey(call: Call): unknown {
  const accessKey = param(call, "accessKey");
  if (!call.backend.keyring.keys().some((key) => key.accessKey === accessKey)) throw notFound("api_key", accessKey);
  return {
    access_key: accessKey,
    secret_key: null,
    application_id: "00000000-0000-4000-8000-00000000a001",
    description: "",
    created_at: plainTime(0),
    updated_at: plainTime(0),
    expires_at: null,
    default_project_id: ground(call).projectId,
    editable: true,
    deletable: true,
    managed: false,
    creation_ip: "203.0.113.1",
  };
}

function getProject(call: Call): unknown {
  if (param(call, "id") !== ground(call).projectId) missing(call, "project");
  return projectView(call);
}

function projectView(call: Call): unknown {
  const { projectId, organizationId } = ground(call);
  return {
    id: projectId,
    name: "default",
    organization_id: organizationId,
    created_at: plainTime(0),
    updated_at: plainTime(0),
    description: "",
  };
}
