// Makes etcd forget old revisions, which it otherwise does every few minutes when the API server asks for it.

interface RangeAnswer {
  readonly header: { readonly revision: string };
}

const TIMEOUT_MS = 60_000;

export async function compactEtcd(url: string): Promise<void> {
  const key = Buffer.from("/").toString("base64");
  const { header } = (await post(`${url}/v3/kv/range`, { key, count_only: true })) as RangeAnswer;
  await post(`${url}/v3/kv/compaction`, { revision: header.revision, physical: true });
}

async function post(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  if (!answer.ok) throw new Error(`etcd refuses ${url}: ${await answer.text()}`);
  return answer.json();
}
