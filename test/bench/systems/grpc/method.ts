/** The one method of the plain service: bytes in, bytes out. */
export const EXCHANGE_METHOD = {
  path: "/bench.Plain/Exchange",
  requestStream: false,
  responseStream: false,
  requestSerialize: raw,
  requestDeserialize: raw,
  responseSerialize: raw,
  responseDeserialize: raw,
} as const;

function raw(bytes: Buffer): Buffer {
  return bytes;
}
