import { TcpProxy, type TcpProxyOptions } from "@agentmesh/worker-sdk/testing";
import { atTheEnd } from "./ending.ts";

/** Starts a proxy to `target`, `host:port`, on a free port; it is closed when the test ends. */
export async function startTcpProxy(
  target: string,
  options: TcpProxyOptions = {},
): Promise<TcpProxy> {
  const proxy = new TcpProxy(target, options);
  await proxy.accept();
  atTheEnd(() => proxy.close());
  return proxy;
}
