// Signatures computed from the published formula with made-up keys: what every client and the fake must agree on.
// The last two are one request to port 8443, signed with the port (go-ovh, python-ovh) and without it (node-ovh).

export interface SignatureVector {
  readonly method: string;
  readonly url: string;
  readonly body: string;
  readonly timestamp: number;
  readonly signature: string;
}

export const VECTOR_CREDENTIALS = {
  applicationKey: "test-app-key",
  applicationSecret: "test-app-secret",
  consumerKey: "test-consumer-key",
} as const;

export const SIGNATURE_VECTORS: readonly SignatureVector[] = [
  {
    method: "GET",
    url: "https://eu.api.ovh.com/1.0/me",
    body: "",
    timestamp: 1790000000,
    signature: "$1$2dc63c9c14298adcb09900d0c270bf5c54337234",
  },
  {
    method: "GET",
    url: "https://eu.api.ovh.com/1.0/cloud/project/0123456789abcdef0123456789abcdef/capabilities/kube/flavors?region=EU-WEST-PAR",
    body: "",
    timestamp: 1790000000,
    signature: "$1$4d04caa5da710db23c4f6f15aede8a441d70b4a9",
  },
  {
    method: "PUT",
    url: "https://eu.api.ovh.com/1.0/cloud/project/0123456789abcdef0123456789abcdef/kube/11111111-2222-4333-8444-555555555555/nodepool/aaaaaaaa-0000-4000-8000-000000000001",
    body: '{"desiredNodes":2,"nodesToRemove":["bbbbbbbb-0000-4000-8000-000000000001"]}',
    timestamp: 1790000000,
    signature: "$1$0471765fcb4c27b4a7bb2d0b68cae827154930bc",
  },
  {
    method: "DELETE",
    url: "https://eu.api.ovh.com/1.0/cloud/project/0123456789abcdef0123456789abcdef/kube/11111111-2222-4333-8444-555555555555/nodepool/aaaaaaaa-0000-4000-8000-000000000001",
    body: "",
    timestamp: 1790000000,
    signature: "$1$d7ea977adbd3eb17a5d2cc2331bea494b1ac313e",
  },
  {
    method: "GET",
    url: "https://localhost:8443/1.0/me",
    body: "",
    timestamp: 1790000000,
    signature: "$1$abce795cd58530e96cce7b093710c58ccad9f564",
  },
  {
    method: "GET",
    url: "https://localhost/1.0/me",
    body: "",
    timestamp: 1790000000,
    signature: "$1$41f9df09a52cacf9e9546a00dcdd7fbbfb7b627f",
  },
];
