/**
 * The shape of the house. The tables below are the rules: what may import what, where generated types may appear, how
 * large files may grow. Change them on purpose, together with the design.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import {
  arrowProblems,
  countProblems,
  cycleProblems,
  doorProblems,
  generatedProblems,
  type Layers,
  loadedPackages,
  nameProblems,
  sizeProblems,
  syntaxProblems,
  TOP,
  topLevelProblems,
} from "./support/architecture-rules.ts";
import { parseSource, readSourceTree } from "./support/source-tree.ts";

const FOLDERS = ["proto", "host", "worker-sdk", "examples", "test"];

/**
 * The least number of files that must be seen. A test that walks the wrong folder is green for ever, so these follow
 * the tree: raise them to about nine tenths of what is there whenever the tree has grown.
 */
const LEAST_FILES = { proto: 55, host: 170, "worker-sdk": 125, examples: 88, test: 170 };

/** Rules that both ends share, from what knows nothing to what knows the wire. */
const PROTO: Layers = {
  sources: "proto/src",
  modules: {
    limits: [],
    errors: ["limits"],
    metadata: [],
    identity: ["errors", "limits"],
    time: ["errors", "limits"],
    wire: ["errors", "limits", "metadata", "identity", "time"],
    link: ["errors", "limits", "metadata", "identity", "time", "wire"],
    testing: ["time"],
    [TOP]: ["errors", "limits", "metadata", "identity", "time", "wire", "link"],
  },
};

const STORING = ["model", "observability", "store"];
const DELIVERING = [...STORING, "directory", "delivery"];
const GATEWAY = [...DELIVERING, "router", "security"];
const ADMIN = [...GATEWAY, "gateway", "cluster"];

/** model ← store ← directory ← delivery ← router ← gateway ← admin ← cli; cluster beside gateway; host.ts on top. */
const HOST: Layers = {
  sources: "host/src",
  modules: {
    model: [],
    observability: ["model"],
    security: ["model", "observability"],
    store: ["model", "observability"],
    directory: STORING,
    delivery: [...STORING, "directory"],
    router: DELIVERING,
    cluster: [...DELIVERING, "router"],
    gateway: GATEWAY,
    admin: ADMIN,
    options: [...ADMIN, "admin"],
    [TOP]: [...ADMIN, "admin", "options"],
    cli: ["model", "observability", "security", "admin", "options", TOP],
  },
};

/**
 * messages ← agent ← runtime; connection knows no agent, agent no connection. `testing` is a door for users' tests; the
 * doubles of our own tests lie apart and are not published.
 */
const SDK: Layers = {
  sources: "worker-sdk/src",
  modules: {
    messages: [],
    agent: ["messages"],
    connection: ["messages"],
    runtime: ["messages", "agent", "connection"],
    [TOP]: ["messages", "agent", "connection", "runtime"],
    testing: ["messages", "agent", "connection", "runtime", TOP],
    "test-doubles": ["messages", "agent", "connection", "runtime", TOP],
  },
};

/** The packages of this repository that each workspace may import, by their doors. */
const PACKAGES = {
  proto: [],
  host: ["@agentmesh/proto"],
  "worker-sdk": ["@agentmesh/proto"],
  examples: ["@agentmesh/proto", "@agentmesh/host", "@agentmesh/worker-sdk"],
  test: ["@agentmesh/proto", "@agentmesh/host", "@agentmesh/worker-sdk", "@agentmesh/examples"],
};

/** Where generated types are translated; behind these places nobody knows them. */
const GENERATED_PLACES = [
  "proto/src/wire/",
  "proto/src/v1.ts",
  "proto/src/agents.ts",
  "host/src/gateway/",
  "host/src/admin/",
  "host/src/cli/client/",
  "worker-sdk/src/connection/",
];

const MOST_LINES = 400;
/** Files that may be longer, each with its reason. */
const LONG_FILES: readonly string[] = [];

const BANNED_NAMES = [
  "util",
  "utils",
  "helper",
  "helpers",
  "common",
  "misc",
  "manager",
  "types",
  "impl",
];

/** The top level, apart from dot-files and what git ignores. */
const TOP_LEVEL = {
  wanted: [
    ...FOLDERS.map((folder) => `${folder}/`),
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "buf.yaml",
    "package-lock.json",
    "package.json",
  ],
  allowed: /^[\w.-]+\.(?:json|ya?ml|config\.ts)$/,
};

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const TREE = readSourceTree(ROOT, FOLDERS);

describe("the sources", () => {
  test("were seen at all", () => expect(countProblems(TREE, LEAST_FILES)).toEqual([]));

  test.each([PROTO, HOST, SDK])("of $sources follow the arrows", (layers) => {
    expect(arrowProblems(TREE, layers)).toEqual([]);
  });

  test("reach other packages by their doors only", () => {
    expect(doorProblems(TREE, PACKAGES)).toEqual([]);
  });

  test("keep generated types where they are translated", () => {
    expect(generatedProblems(TREE, GENERATED_PLACES)).toEqual([]);
  });

  test("import without circles", () => expect(cycleProblems(TREE)).toEqual([]));

  test("load protobufjs behind its own door only", () => {
    const behind = (entry: string) =>
      [...loadedPackages(TREE, entry)].filter((name) => name.startsWith("protobufjs"));
    expect(behind("worker-sdk/src/protobuf.ts")).toContain("protobufjs");
    expect(behind("worker-sdk/src/index.ts")).toEqual([]);
    expect(loadedPackages(TREE, "worker-sdk/src/index.ts")).toContain("@grpc/grpc-js");
  });

  test("use erasable syntax and honest types", () => expect(syntaxProblems(TREE)).toEqual([]));

  test("are short enough to read", () => {
    expect(sizeProblems(TREE, MOST_LINES, LONG_FILES)).toEqual([]);
  });

  test("stand in the folders that are told, and nothing else does", () => {
    const names = readdirSync(ROOT, { withFileTypes: true }).map((entry) =>
      entry.isDirectory() ? `${entry.name}/` : entry.name,
    );
    const ignored = readFileSync(path.join(ROOT, ".gitignore"), "utf8").split("\n").filter(Boolean);
    expect(topLevelProblems(names, ignored, TOP_LEVEL)).toEqual([]);
  });

  test("have names that tell", () => expect(nameProblems(TREE, BANNED_NAMES)).toEqual([]));
});

describe("the rules", () => {
  const sample = (file: string, text: string) => parseSource(file, text);

  test("see a missing folder", () => {
    expect(countProblems([sample("host/src/a.ts", "")], { host: 2 })).toHaveLength(1);
  });

  test.each([
    ["host/src/model/a.ts", "../store/b.ts", HOST],
    ["host/src/delivery/a.ts", "../router/b.ts", HOST],
    ["host/src/router/a.ts", "../security/b.ts", HOST],
    ["host/src/gateway/a.ts", "../cluster/b.ts", HOST],
    ["host/src/gateway/a.ts", "../options.ts", HOST],
    ["host/src/host.ts", "./cli/main.ts", HOST],
    ["host/src/stuff/a.ts", "./b.ts", HOST],
    ["worker-sdk/src/agent/a.ts", "../connection/b.ts", SDK],
    ["worker-sdk/src/connection/a.ts", "../agent/b.ts", SDK],
    ["worker-sdk/src/index.ts", "./testing/b.ts", SDK],
    ["worker-sdk/src/testing/a.ts", "../test-doubles/b.ts", SDK],
    ["proto/src/errors/a.ts", "../wire/b.ts", PROTO],
    ["proto/src/wire/a.ts", "../link/b.ts", PROTO],
    ["proto/src/wire/a.ts", "../index.ts", PROTO],
  ])("report %s that imports %s", (file, specifier, layers) => {
    const problems = arrowProblems([sample(file, `\nexport * from "${specifier}";`)], layers);
    expect(problems).toEqual([expect.stringMatching(/^[\w./-]+:[12] /)]);
  });

  test.each([
    ["host/src/model/a.ts", "@agentmesh/worker-sdk"],
    ["worker-sdk/src/agent/a.ts", "@agentmesh/host"],
    ["proto/src/wire/a.ts", "@agentmesh/host"],
    ["examples/review/main.ts", "../../host/src/index.ts"],
    ["host/src/model/a.ts", "#router"],
  ])("report %s that imports %s", (file, specifier) => {
    const text = `type A = import("${specifier}").A;`;
    expect(doorProblems([sample(file, text)], PACKAGES)).toHaveLength(1);
  });

  test.each([
    ["host/src/router/a.ts", "@agentmesh/proto/agentmesh/v1"],
    ["worker-sdk/src/runtime/a.ts", "@agentmesh/proto/agentmesh/v1"],
    ["proto/src/link/a.ts", "../../gen/agentmesh/v1/call.ts"],
  ])("report generated types in %s", (file, specifier) => {
    const files = [sample(file, `import type { A } from "${specifier}";`)];
    expect(generatedProblems(files, GENERATED_PLACES)).toHaveLength(1);
  });

  test("report a circle, but not one of types", () => {
    const [a, b] = ['export { b } from "./b.ts";', 'const a = await import("./a.ts");'];
    expect(cycleProblems([sample("test/a.ts", a), sample("test/b.ts", b)])).toEqual([
      "test/b.ts:1 test/a.ts → test/b.ts → test/a.ts",
    ]);
    const type = 'import type { A } from "./a.ts";';
    expect(cycleProblems([sample("test/a.ts", a), sample("test/b.ts", type)])).toEqual([]);
  });

  test.each([
    "let a: any;",
    "enum A {}",
    "namespace A {}",
    "@sealed class A {}",
    "class A { constructor(private a: string) {} }",
    "class A { constructor(readonly a: string) {} }",
    "export default 1;",
    "export default function a() {}",
    "export { a as default };",
    'export * from "./b.ts";',
    "const a = b as unknown as string;",
    "const a = (b as unknown) as string;",
  ])("report %s", (text) => {
    expect(syntaxProblems([sample("host/src/model/a.ts", text)])).toHaveLength(1);
  });

  test("report what is missing at the top, and what does not belong there", () => {
    const top = { wanted: ["host/", "README.md"], allowed: /\.json$/ };
    const names = ["README.md", "docs/", "biome.json", "notes.md", "dist/", "a.log", ".git/"];
    expect(topLevelProblems(names, ["dist/", "*.log"], top)).toEqual([
      "host/: is missing",
      "docs/: does not belong to the top level",
      "notes.md: does not belong to the top level",
    ]);
  });

  test("let a file add to the types of a module that is not its own", () => {
    const text = 'declare module "vitest" { interface ProvidedContext { a: string } }';
    expect(syntaxProblems([sample("test/a.ts", text)])).toEqual([]);
  });

  test("report long files and names that tell nothing", () => {
    expect(sizeProblems([sample("test/a.ts", "a;\n".repeat(401))], 400, [])).toHaveLength(1);
    const named = [
      "host/src/utils.ts",
      "host/src/types/a.ts",
      "test/session-manager.ts",
      "a/aB.ts",
    ];
    const files = named.map((name) => sample(name, ""));
    expect(nameProblems(files, BANNED_NAMES)).toHaveLength(named.length);
  });
});
