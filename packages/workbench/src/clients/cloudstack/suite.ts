// The Python client that CloudStack's users script with; it finds address and keys through the variables it always reads.

import type { ClientSuite } from "../suite.ts";

export const cloudStackClients: ClientSuite = {
  cloud: "cloudstack",
  environment: ({ url, caFile, credentials }) => ({
    CLOUDSTACK_ENDPOINT: credentials["apiUrl"] ?? url,
    CLOUDSTACK_KEY: credentials["apiKey"] ?? "",
    CLOUDSTACK_SECRET: credentials["secretKey"] ?? "",
    CLOUDSTACK_POLL_INTERVAL: "0.1",
    ZONE_ID: credentials["zoneId"] ?? "",
    ...(caFile === undefined ? {} : { CLOUDSTACK_VERIFY: caFile }),
  }),
  programs: [
    {
      name: "cs",
      language: "python",
      program: new URL("python/machine.py", import.meta.url),
      requirements: new URL("python/requirements.txt", import.meta.url),
    },
  ],
};
