import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PageConfig } from '../config/config.ts';
import { hashOf, type Representation } from '../http/document.ts';
import { type BrandImage, readBrandFiles } from './brand-files.ts';

/** A file in memory, ready to be sent. */
interface PageFile {
  readonly mediaType: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Uncompressed last. */
  readonly representations: readonly Representation[];
}

/** What the pages are made of. */
export interface PageFiles {
  /** The page as the build made it. Undefined: the pages are not built. */
  readonly signUp: string | undefined;
  /** By their path on this server, such as `/assets/signup-4f2a.js`. */
  readonly files: ReadonlyMap<string, PageFile>;
  /** The path of the logo. */
  readonly logo: string | undefined;
  /** The picture for link previews, with its path. */
  readonly image: (Pick<BrandImage, 'mediaType' | 'width' | 'height'> & { readonly path: string }) | undefined;
}

export const noPageFiles: PageFiles = { signUp: undefined, files: new Map(), logo: undefined, image: undefined };

/** Files of other kinds are not served, whatever a build leaves in the folder. */
const mediaTypes: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.png': 'image/png',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.woff2': 'font/woff2',
};

/** The name of an asset has a hash of its content. */
const assetHeaders = { 'cache-control': 'public, max-age=31536000, immutable' };
/** Opened by itself, an SVG may run and load nothing. Other sites may show the picture: that is what it is for. */
const brandHeaders = {
  'cache-control': 'public, max-age=3600',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'cross-origin',
};

/** `dist/web`, which the build makes beside the program; from source it is in another place. */
function webFolder(): string {
  const built = fileURLToPath(new URL('../web/', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('../../dist/web/', import.meta.url));
}

/**
 * Reads the pages and the files of the brand into memory, so that a request opens no file and no address reaches the disk.
 * @param folder what the build of `web` made.
 * @throws BrandFileError
 */
export async function openPageFiles({ brand }: PageConfig, folder = webFolder()): Promise<PageFiles> {
  const { logo, image } = await readBrandFiles(brand);
  const files = await readAssets(path.join(folder, 'assets'));
  const add = (name: string, { mediaType, body }: { mediaType: string; body: Buffer }) => {
    files.set(name, { mediaType, headers: brandHeaders, representations: [plain(body)] });
    return name;
  };
  return {
    signUp: await readIfThere(path.join(folder, 'signup', 'index.html')),
    logo: logo && add(`/brand/logo.${logo.extension}`, logo),
    image: image && { ...image, path: add(`/brand/card.${image.extension}`, image) },
    files,
  };
}

async function readAssets(folder: string): Promise<Map<string, PageFile>> {
  const names = await readdir(folder).catch((): string[] => []);
  const files = new Map<string, PageFile>();
  for (const name of names) {
    const mediaType = mediaTypes[path.extname(name)];
    if (mediaType === undefined) continue;
    const read = (extension: string) => readFile(path.join(folder, name + extension));
    const body = await read('');
    const packed = async (coding: 'br' | 'gzip', extension: string): Promise<Representation[]> =>
      names.includes(name + extension) ? [{ coding, body: await read(extension), etag: `"${hashOf(body)}-${coding}"` }] : [];
    const representations = [...(await packed('br', '.br')), ...(await packed('gzip', '.gz')), plain(body)];
    files.set(`/assets/${name}`, { mediaType, headers: assetHeaders, representations });
  }
  return files;
}

function plain(body: Buffer): Representation {
  return { coding: 'identity', body, etag: `"${hashOf(body)}"` };
}

async function readIfThere(file: string): Promise<string | undefined> {
  return existsSync(file) ? readFile(file, 'utf8') : undefined;
}
