// The Python client that CloudStack's users script with, and the Go client that Terraform, Cluster API and others are built on.

import type { ClientSuite } from "../suite.ts";

export const cloudStackClients: ClientSuite = {
  cloud: "cloudstack",
  environment: ({ url, caFile, credentials }) => ({
    CLOUDSTACK_ENDPOINT: credentials["apiUrl"] ?? url,
    CLOUDSTACK_KEY: credentials["apiKey"] ?? "",
    CLOUDSTACK_SECRET: credentials["secretKey"] ?? "",
    CLOUDSTACK_POLL_INTERVAL: "0.1",
    ZONE_ID: credentials["zoneId"] ?? "",
    ...(caFile === undefined ? {} : { CLOUDSTACK_VERIFY: caFile, SSL_CERT_FILE: caFile }),
  }),
  programs: [
    {
      name: "cs",
      language: "python",
      program: new URL("python/machine.py", import.meta.url),
      requirements: new URL("python/requirements.txt", import.meta.url),
    },
    { name: "cloudstack-go", language: "go", folder: new URL("go/", import.meta.url) },
  ],
};
