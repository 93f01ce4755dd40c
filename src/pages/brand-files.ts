import { readFile } from 'node:fs/promises';
import type { PageConfig } from '../config/config.ts';

/** A file of the brand cannot be used. The message is a sentence that says what to do. */
export class BrandFileError extends Error {
  override readonly name = 'BrandFileError';
}

interface BrandFile {
  readonly extension: 'svg' | 'png' | 'jpg';
  readonly mediaType: string;
  readonly body: Buffer;
}

export interface BrandImage extends BrandFile {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
}

export interface BrandFiles {
  readonly logo: BrandFile | undefined;
  readonly image: BrandImage | undefined;
}

/** Bytes. */
const largestLogo = 100_000;
const largestImage = 1_000_000;
/** Pixels; messengers show no picture that is smaller. */
const smallestSide = 200;

/** Reads the logo and the picture for link previews. @throws BrandFileError */
export async function readBrandFiles({ logoFile, imageFile }: PageConfig['brand']): Promise<BrandFiles> {
  return {
    logo: logoFile === undefined ? undefined : readLogo(await read('BRAND_LOGO', logoFile)),
    image: imageFile === undefined ? undefined : readImage(await read('BRAND_IMAGE', imageFile)),
  };
}

async function read(setting: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new BrandFileError(`${setting}: ${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

function readLogo(body: Buffer): BrandFile {
  if (body.length > largestLogo) throw new BrandFileError(`BRAND_LOGO is larger than ${largestLogo} bytes: make the file smaller.`);
  if (isPng(body)) return { extension: 'png', mediaType: 'image/png', body };
  const mistake = mistakeInSvg(body);
  if (mistake !== undefined) throw new BrandFileError(`BRAND_LOGO ${mistake}.`);
  return { extension: 'svg', mediaType: 'image/svg+xml', body };
}

/**
 * An SVG is a program for whoever opens it by itself. The page shows it as an image, where scripts do not run, and its own policy forbids them;
 * refusing them here as well tells the operator.
 * @returns part of a sentence; undefined if there is none.
 */
function mistakeInSvg(body: Buffer): string | undefined {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return 'is neither an SVG in UTF-8 nor a PNG';
  }
  if (!/^\s*(?:<\?xml[^>]*\?>\s*)?(?:<!--[\s\S]*?-->\s*)*<svg[\s>]/.test(text)) return 'is neither an SVG nor a PNG';
  if (/<!(?:DOCTYPE|ENTITY)/i.test(text)) return 'has a DOCTYPE: save it without one';
  if (/<(?:[\w-]+:)?(?:script|foreignObject|iframe|embed|object|handler|listener)[\s>/]/i.test(text))
    return 'holds a script or foreign content: remove it';
  if (/[\s"'/]on\w+\s*=/i.test(text)) return 'has an event handler such as onload: remove it';
  const target = /(?:href|src)\s*=\s*["']?\s*[^"'\s>#]|url\(\s*["']?\s*[^"'\s)#]|@import|javascript:/i.exec(withoutImages(text));
  return target ? 'loads something from elsewhere: embed it, or remove the reference' : undefined;
}

/** Pictures inside the file itself are harmless. */
function withoutImages(text: string): string {
  return text.replace(/(["'(])data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=\s]*/gi, '$1#');
}

function readImage(body: Buffer): BrandImage {
  if (body.length > largestImage) throw new BrandFileError(`BRAND_IMAGE is larger than ${largestImage} bytes: make the file smaller.`);
  const size = isPng(body) ? pngSize(body) : jpegSize(body);
  if (!size) throw new BrandFileError('BRAND_IMAGE is neither a PNG nor a JPEG.');
  if (Math.min(size.width, size.height) < smallestSide) {
    throw new BrandFileError(
      `BRAND_IMAGE is ${size.width} × ${size.height} pixels: messengers show none below ${smallestSide} × ${smallestSide}.`,
    );
  }
  return isPng(body)
    ? { extension: 'png', mediaType: 'image/png', body, ...size }
    : { extension: 'jpg', mediaType: 'image/jpeg', body, ...size };
}

interface Size {
  readonly width: number;
  readonly height: number;
}

const pngSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function isPng(body: Buffer): boolean {
  return body.length >= 24 && body.subarray(0, 8).equals(pngSignature) && body.toString('latin1', 12, 16) === 'IHDR';
}

function pngSize(body: Buffer): Size {
  return { width: body.readUInt32BE(16), height: body.readUInt32BE(20) };
}

/** @returns the size in the first frame header (ITU-T T.81, B.2.2). */
function jpegSize(body: Buffer): Size | undefined {
  if (body.length < 4 || body.readUInt16BE(0) !== 0xffd8) return undefined;
  for (let place = 2; place + 9 <= body.length; place += 2 + body.readUInt16BE(place + 2)) {
    const marker = body.readUInt16BE(place);
    if (marker < 0xff00) return undefined;
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame) return { height: body.readUInt16BE(place + 5), width: body.readUInt16BE(place + 7) };
  }
  return undefined;
}
