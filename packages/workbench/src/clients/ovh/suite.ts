// OVHcloud's own Python and Go clients: they find the API by its URL and trust the fake's authority through their usual variables.

import type { ClientSuite } from "../suite.ts";

export const ovhClients: ClientSuite = {
  cloud: "ovh",
  environment: ({ url, caFile, credentials }) => ({
    FAKE_URL: url,
    SERVICE_NAME: credentials["serviceName"] ?? "",
    KUBE_ID: credentials["kubeId"] ?? "",
    APPLICATION_KEY: credentials["applicationKey"] ?? "",
    APPLICATION_SECRET: credentials["applicationSecret"] ?? "",
    CONSUMER_KEY: credentials["consumerKey"] ?? "",
    ...(caFile === undefined ? {} : { REQUESTS_CA_BUNDLE: caFile, SSL_CERT_FILE: caFile }),
  }),
  programs: [
    {
      name: "python-ovh",
      language: "python",
      program: new URL("python/pools.py", import.meta.url),
      requirements: new URL("python/requirements.txt", import.meta.url),
    },
    { name: "go-ovh", language: "go", folder: new URL("go/", import.meta.url) },
  ],
  provokes: ["InvalidSignature"],
};
