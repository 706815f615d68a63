import { resumed } from "./retry.ts";

/** [first byte, one past the last byte). */
export type Range = [number, number];

/** What one request asks for at most: several of them together fill a line that one alone does not. In bytes. */
export const PIECE = 8 << 20;

/** So many requests of one reader are on their way at once, each with its piece in memory at most. */
const AT_ONCE = 4;

export interface PiecesOptions {
  /** Of the whole body. */
  range: Range;
  /** The bytes of a range, of the same state. Repeats by itself; throws where the state is gone. */
  open: (range: Range) => Promise<ReadableStream<Uint8Array>>;
  /** Puts into words what the last try failed with. */
  explain: (error: unknown) => Error;
}

/**
 * A body whose reader gets all bytes or an error, fetched in pieces: the first one is at hand, the next ones come while it
 * is being read. Where a piece breaks off, it goes on from there.
 */
export function inPieces(
  first: ReadableStream<Uint8Array>,
  { range: [from, to], open, explain }: PiecesOptions,
): ReadableStream<Uint8Array> {
  const queue = [Promise.resolve(pieceOf(first, [from, Math.min(to, from + PIECE)]))];
  let next = from + PIECE;

  function pieceOf(body: ReadableStream<Uint8Array>, [start, end]: Range) {
    const reopen = (offset: number) => open([start + offset, end]);
    return resumed(body, { length: end - start, reopen, explain, ahead: PIECE }).getReader();
  }

  function ask(): void {
    for (; queue.length < AT_ONCE && next < to; next += PIECE) {
      const range: Range = [next, Math.min(to, next + PIECE)];
      const piece = open(range).then((body) => pieceOf(body, range));
      // Thrown when its turn comes.
      piece.catch(() => {});
      queue.push(piece);
    }
  }

  function leave(): void {
    for (const piece of queue) piece.then((reader) => reader.cancel()).catch(() => {});
  }

  return new ReadableStream({
    async pull(controller) {
      try {
        for (; queue[0] !== undefined; queue.shift()) {
          ask();
          const { value } = await (await queue[0]).read();
          if (value !== undefined) return controller.enqueue(value);
        }
        controller.close();
      } catch (error) {
        leave();
        throw error;
      }
    },
    cancel: leave,
  }, { highWaterMark: 0 });
}
