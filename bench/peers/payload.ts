/**
 * What is in a payload, and how its receiver knows that it is the right one: the first four bytes are the message's number, and the last
 * byte is a mark that follows from the number and the length. So what was cut off, put together from two messages, or lengthened shows,
 * at the cost of five bytes written and read; what is between is not looked at. An answer is its question with the first byte changed.
 *
 * `client-port.h` has the same for the peers in C.
 */

/** What a message has at least where its receiver does not know its length: there the mark tells it. */
export const markedBytesMin = 5;

function markOf(number: number, length: number): number {
  return (number ^ (number >>> 8) ^ length ^ (length >>> 8) ^ 0x5a) & 0xff;
}

/** Whether the last byte is as it has to be; a number alone has no room for it. */
function hasMark(bytes: Uint8Array, number: number): boolean {
  const { length } = bytes;
  return length < markedBytesMin || bytes[length - 1] === markOf(number, length);
}

/** Writes the number and the mark. */
export function stamp(bytes: Uint8Array, number: number): void {
  bytes[0] = number;
  bytes[1] = number >>> 8;
  bytes[2] = number >>> 16;
  bytes[3] = number >>> 24;
  if (bytes.length >= markedBytesMin) bytes[bytes.length - 1] = markOf(number, bytes.length);
}

/** The number at the beginning of a message. */
export function readNumber(bytes: Uint8Array): number {
  return ((bytes[0] ?? 0) | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16) | ((bytes[3] ?? 0) << 24)) >>> 0;
}

/** Whether it is message `number`, and whole. */
export function isMessage(bytes: Uint8Array, number: number): boolean {
  return bytes.length >= markedBytesMin && readNumber(bytes) === number && hasMark(bytes, number);
}

/** Whether it is the answer to question `number`, which had so many bytes. */
export function isAnswer(bytes: Uint8Array, number: number, length: number): boolean {
  return bytes.length === length && readNumber(bytes) === (number ^ 1) >>> 0 && hasMark(bytes, number);
}
