import { type Ahead, readingAhead } from "./ahead.ts";
import { bodyOfChunks } from "./chunks.ts";
import { resumed } from "./retry.ts";

/** [first byte, one past the last byte). */
export type Range = [number, number];

/** What one request asks for at most: several of them together fill a line that one alone does not. In bytes. */
export const PIECE = 8 << 20;

/** So many requests of one reader are on their way at once, each with its piece in memory at most. */
const AT_ONCE = 4;

/** A piece that keeps its reader waiting for longer than this, in milliseconds in all, comes by less than 84 MB/s. */
const SLOW = 100;

export interface PiecesOptions {
  /** Of the whole body. */
  range: Range;
  /** The bytes of a range, of the same state. Repeats by itself; throws where the state is gone. */
  open: (range: Range) => Promise<ReadableStream<Uint8Array>>;
  /** Puts into words what the last try failed with. */
  explain: (error: unknown) => Error;
  /** In milliseconds, from any start; a test brings its own. */
  now?: () => number;
}

/**
 * A body whose reader gets all bytes or an error, fetched in pieces: the first one is at hand, the next ones are asked for
 * while it is being read. They are read ahead only once the line was what had to be waited for: elsewhere the way through
 * memory would cost time. Where a piece breaks off, it goes on from there.
 */
export function inPieces(
  first: ReadableStream<Uint8Array>,
  { range: [from, to], open, explain, now = () => performance.now() }: PiecesOptions,
): ReadableStream<Uint8Array> {
  const queue = [Promise.resolve(pieceOf(first, [from, Math.min(to, from + PIECE)]))];
  let next = from + PIECE;
  /** For the piece in turn, in milliseconds. */
  let waited = 0;
  let slow = false;

  function pieceOf(body: ReadableStream<Uint8Array>, [start, end]: Range): Ahead {
    const reopen = (offset: number) => open([start + offset, end]);
    return readingAhead(resumed(body, { length: end - start, reopen, explain }));
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

  function onAll(act: (piece: Ahead) => void): void {
    for (const piece of queue) piece.then(act).catch(() => {});
  }

  const leave = () => onAll((piece) => piece.leave());

  return bodyOfChunks({
    async read(into) {
      try {
        for (; queue[0] !== undefined; queue.shift(), waited = 0) {
          ask();
          const asked = now();
          const bytes = await (await queue[0]).read(into);
          waited += now() - asked;
          slow ||= waited > SLOW;
          if (slow) onAll((piece) => piece.start());
          if (bytes !== undefined) return bytes;
        }
        return undefined;
      } catch (error) {
        leave();
        throw error;
      }
    },
    leave,
  });
}
