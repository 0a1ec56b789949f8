// Scaleway's own Go and JavaScript clients and its command line: they find the API and the key through the variables they always read.

import type { ClientSuite } from "../suite.ts";

export const scalewayClients: ClientSuite = {
  cloud: "scaleway",
  environment: ({ url, caFile, credentials }) => ({
    SCW_API_URL: url,
    SCW_ACCESS_KEY: credentials["accessKey"] ?? "",
    SCW_SECRET_KEY: credentials["secretKey"] ?? "",
    SCW_DEFAULT_PROJECT_ID: credentials["projectId"] ?? "",
    SCW_DEFAULT_ORGANIZATION_ID: credentials["organizationId"] ?? "",
    SCW_DEFAULT_REGION: credentials["region"] ?? "",
    SCW_DEFAULT_ZONE: credentials["zone"] ?? "",
    ...(caFile === undefined ? {} : { SSL_CERT_FILE: caFile, NODE_EXTRA_CA_CERTS: caFile }),
  }),
  programs: [
    { name: "scaleway-sdk-go", language: "go", folder: new URL("go/", import.meta.url) },
    { name: "scaleway-sdk-js", language: "node", program: new URL("node/server.ts", import.meta.url) },
    {
      name: "scw",
      language: "node",
      program: new URL("scw/commands.ts", import.meta.url),
      tool: {
        folder: new URL("scw/module/", import.meta.url),
        package: "github.com/scaleway/scaleway-cli/v2/cmd/scw",
        variable: "SCW_PROGRAM",
      },
    },
  ],
};
