/** Finds and starts nats-server. */
import { access, constants } from "node:fs/promises";
import { delimiter, join } from "node:path";
import type { ProcessGroup } from "../../process/process-group.ts";

/** Debian installs it for administrators, outside of the path of others. */
const MORE_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/** The path of nats-server; undefined when it is in none of the folders. */
export async function findNatsServer(folders = programFolders()): Promise<string | undefined> {
  for (const folder of folders) {
    const path = join(folder, "nats-server");
    const usable = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (usable) return path;
  }
  return undefined;
}

function programFolders(): string[] {
  return (process.env.PATH ?? "").split(delimiter).concat(MORE_FOLDERS);
}

/** Starts it on a free port of loopback, with these flags beside, and gives its address. */
export async function startNatsServer(
  group: ProcessGroup,
  path: string,
  flags: readonly string[] = [],
): Promise<string> {
  const server = group.spawn("nats-server", path, ["-a", "127.0.0.1", "-p", "-1", ...flags]);
  const [, port] = await server.line(/client connections on 127\.0\.0\.1:(\d+)/);
  return `127.0.0.1:${port}`;
}
