/**
 * Defaults that both ends share or that the host tells its workers. Each names its unit; the table in `proto/README.md`
 * tells what happens at each limit and where to set it.
 */
export const DEFAULTS = {
  /** Port of a host. */
  port: 50051,
  /** Milliseconds for which a broken stream goes unnoticed. */
  leaseMs: 1_500,
  /** Milliseconds for which a broken session keeps registrations and buffers. */
  sessionGraceMs: 30_000,
  /** Milliseconds of silence after which a Ping is sent. */
  heartbeatMs: 2_500,
  /** Milliseconds without a batch, or 1 KiB of one between two heartbeats, after which a stream is broken. */
  livenessMs: 8_000,
  /** Milliseconds that a send gets. */
  timeoutMs: 30_000,
  /** Milliseconds after which a turn is signalled and then abandoned. */
  maxTurnMs: 600_000,
  /** Milliseconds that the host gives a turn after it told it to stop: more than workers give their own turns. */
  turnGraceMs: 20_000,
  /** Largest content in bytes. */
  maxPayloadBytes: 4 * 1024 * 1024,
  /** Sends and publishes of a session without ancestors that may be unsettled. */
  requestWindow: 4_096,
  /** Bytes of their content. */
  requestWindowBytes: 64 * 1024 * 1024,
  /** Bytes of batches kept for replay before sending stops. */
  replayBytes: 8 * 1024 * 1024,
  /** Bytes waiting for one peer above which its session is ended. */
  outboxLimitBytes: 64 * 1024 * 1024,
  /** Frames after which an acknowledgement is due. */
  ackFrames: 128,
  /** Bytes after which an acknowledgement is due. */
  ackBytes: 256 * 1024,
  /** Milliseconds after which an acknowledgement is due. */
  ackMs: 1_000,
  /** Deliveries without ancestors in flight to one worker. */
  maxInFlight: 4_096,
  /** Deliveries without ancestors in flight to one agent. */
  agentWindow: 16,
  /** Deliveries with ancestors in flight to one worker; above it they are refused. */
  nestedInFlight: 16_384,
  /** Depth of a chain of nested sends. */
  chainDepth: 32,
  /** Deliveries that wait at the host for one agent. */
  mailboxMessages: 4_096,
  /** Bytes of content that wait at the host, all in all. */
  queuedBytes: 512 * 1024 * 1024,
  /** Bytes of content in flight from the host to workers, all in all. */
  inFlightBytes: 512 * 1024 * 1024,
  /** Chunks of a reply stream on their way. */
  streamChunks: 64,
  /** Bytes of chunks of a reply stream on their way. */
  streamBytes: 256 * 1024,
  /** Dead letters kept. */
  deadLetters: 10_000,
  /** Bytes of dead letters kept. */
  deadLetterBytes: 64 * 1024 * 1024,
  /** Milliseconds for which a dead letter is kept. */
  deadLetterAgeMs: 30 * 24 * 3_600_000,
  /** Bytes in use in the data folder above which no event is taken. */
  dataBytes: 16 * 1024 * 1024 * 1024,
  /** Workers lost over one message before it is parked. */
  crashLimit: 3,
  /** Milliseconds for which a restarted host lets messages wait for the sessions it had. */
  settleMs: 2_000,
  /** Milliseconds for work in flight when a host or worker drains. */
  drainGraceMs: 10_000,
  /** Milliseconds of idleness after which an agent is deactivated. */
  idleMs: 300_000,
  /** Sessions of one host. */
  maxSessions: 10_000,
} as const;

/** Limits that nobody can change. Each names its unit; the table in `proto/README.md` tells what happens at each. */
export const LIMITS = {
  /** Publishes that wait for the end of settling. */
  settlingPublishes: 65_536,
  /** Publishes that wait at the host until an earlier one of the same worker is on the disk. */
  publishesBehind: 65_536,
  /** Sends and publishes that wait in a worker for its request window. */
  waitingRequests: 65_536,
  /** Frames that wait for their turn after a batch has arrived. */
  waitingFrames: 4_096,
  /** Worker instances whose accepted publishes are remembered. */
  publishers: 10_000,
  /** Refused publishes that are remembered for one worker instance. */
  refusedPublishes: 1_024,
  /** Durable subscriptions of one namespace. */
  durableSubscriptions: 1_000,
  /** Events of one durable subscription that are in the memory of the host and not handled. */
  openEvents: 4_096,
  /** Their content. */
  openEventBytes: 32 * 1024 * 1024,
  /** Of those, events for one agent. */
  openEventsPerLane: 128,
  /** Agents of one durable subscription that have more than that. */
  lanesBehind: 4_096,
  /** Milliseconds for which a handler may ask for an event later. */
  retryLaterMs: 86_400_000,
  /** Times that it may ask so for an event that no durable subscription sends. */
  laterAttempts: 100,
  /** Dead letters of all namespaces that are on their way again. */
  replays: 100_000,
  /** What waits for the disk of the host. */
  unstoredBytes: 256 * 1024 * 1024,
  /** Topics whose subscribers are remembered for one namespace. */
  cachedTopics: 10_000,
  /** Labels of one worker. */
  labels: 64,
  /** Milliseconds for the Hello of a new stream. */
  greetingMs: 10_000,
  /** Agent types of one session. */
  agentTypesPerSession: 1_000,
  /** Schemas of the messages of one agent type that the host remembers. */
  typeSchemaBytes: 128 * 1024,
  /** Subscriptions of one session. */
  subscriptionsPerSession: 10_000,
  /** Agents of one worker of AutoGen of which the place is remembered. */
  autogenAgents: 10_000,
  /** Questions on AutoGen's control channel that one client has not answered. */
  autogenQuestions: 1_024,
  /** Bytes of a `client-id` of AutoGen. */
  autogenClientIdBytes: 256,
  /** HTTP/2 flow-control window of a stream and of a connection, in bytes. */
  http2WindowBytes: 8 * 1024 * 1024,
  /** Bytes per second of the slowest link on which a batch is waited for. */
  slowestLinkBytes: 32 * 1024,
  /** What gRPC may receive above the largest content, in bytes. */
  frameOverheadBytes: 1024 * 1024,
  /** Characters of the text of an error. */
  errorTextChars: 8 * 1024,
  /** Characters of the stack of an error. */
  errorStackChars: 32 * 1024,
  /** Bytes of the details of an application error. */
  errorDetailsBytes: 256 * 1024,
} as const;

/** The most that an option or a peer may ask for. A peer that asks for more gets this. */
export const BOUNDS = {
  /** Largest content in bytes: every SDK receives as much, before a host has told its limit. */
  maxPayloadBytes: 64 * 1024 * 1024,
  /** Deliveries without ancestors in flight to one worker. */
  maxInFlight: 1_000_000,
  /** Deliveries without ancestors in flight to one agent. */
  agentWindow: 65_536,
} as const;

/** Protocol versions that this code speaks. */
export const PROTOCOL_VERSION = { min: 1, max: 1 } as const;
