import path from "node:path";
import Sqlite from "libsql";
import { problemOf, StoreProblem } from "./store-problem.ts";

const FILE_NAME = "agentmesh.lock";

/**
 * Who has the data folder. The lock is one of the operating system on an empty file, so it ends with the process that
 * holds it, however that ends. It is taken before any other file of the folder is looked at.
 */
export class FolderLock {
  readonly #sqlite: Sqlite.Database;

  private constructor(sqlite: Sqlite.Database) {
    this.#sqlite = sqlite;
  }

  /** Takes the folder. @throws StoreProblem when somebody else has it, or when it cannot be written. */
  static take(folder: string): FolderLock {
    const file = path.join(folder, FILE_NAME);
    try {
      return new FolderLock(lock(file));
    } catch (error) {
      const problem = problemOf(error, folder);
      const isOpen = problem.kind === "failed" && problem.text.includes("ConnectionFailed");
      if (!isOpen) throw problem;
      throw new StoreProblem("unwritable", `${folder} is no folder that can be written`);
    }
  }

  release(): void {
    this.#sqlite.close();
  }
}

function lock(file: string): Sqlite.Database {
  const sqlite = new Sqlite(file, { timeout: 0 });
  try {
    sqlite.exec("begin exclusive");
    return sqlite;
  } catch (error) {
    sqlite.close();
    throw error;
  }
}
