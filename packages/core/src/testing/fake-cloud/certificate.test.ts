import { X509Certificate } from "node:crypto";
import { describe, expect, it } from "vitest";
import { makeCertificates } from "./certificate.ts";
import { wallMs } from "./wall-time.ts";

describe("certificates", () => {
  const { caPem, certPem, keyPem } = makeCertificates();
  const ca = new X509Certificate(caPem);
  const leaf = new X509Certificate(certPem);

  it("the leaf is issued by the authority for localhost", () => {
    expect([ca.ca, leaf.ca, leaf.checkIssued(ca), leaf.verify(ca.publicKey)]).toEqual([true, false, true, true]);
    expect(leaf.checkHost("localhost")).toBe("localhost");
    expect([leaf.checkIP("127.0.0.1"), leaf.checkIP("::1"), leaf.checkHost("example.test")]).toEqual([
      "127.0.0.1",
      "::1",
      undefined,
    ]);
  });

  it("is valid now, and its key fits", async () => {
    const { createPrivateKey } = await import("node:crypto");
    expect(leaf.checkPrivateKey(createPrivateKey(keyPem))).toBe(true);
    expect(Date.parse(leaf.validFrom)).toBeLessThan(wallMs());
    expect(Date.parse(leaf.validTo)).toBeGreaterThan(wallMs());
  });

  it("two authorities differ", () => {
    expect(new X509Certificate(makeCertificates().caPem).fingerprint256).not.toBe(ca.fingerprint256);
  });
});
