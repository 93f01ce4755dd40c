import type { ComponentChildren } from 'preact';
import type { Values } from '../shared/language.ts';
import { type Key, template } from './words.ts';

/**
 * A text whose sentences break as wholes, so that Korean lines end where a sentence ends before they end between words.
 * `*{name}*` is bold, and isolated from the direction of the text around it.
 */
export function Said({ words, values = {} }: { readonly words: Key; readonly values?: Values }) {
  return <Sentences text={template(words)} values={values} />;
}

export function Sentences({ text, values = {} }: { readonly text: string; readonly values?: Values }) {
  const sentences = text.split('. ').map((sentence, at, all) => (at < all.length - 1 ? `${sentence}.` : sentence));
  return (
    <span>
      {sentences.map((sentence) => [
        <span key={sentence} class="s">
          {sentence.split(/(\*?\{\w+\}\*?)/).map((piece) => filled(piece, values))}
        </span>,
        ' ',
      ])}
    </span>
  );
}

function filled(piece: string, values: Values): ComponentChildren {
  const name = /^\*?\{(\w+)\}/.exec(piece)?.[1];
  if (name === undefined) return piece;
  const value = String(values[name] ?? '');
  return piece.startsWith('*') ? (
    <b>
      <bdi>{value}</bdi>
    </b>
  ) : (
    value
  );
}

/** A code that breaks after its hyphens only. */
export function Code({ code }: { readonly code: string }) {
  return code.split('-').flatMap((part, at) => (at === 0 ? [part] : ['-', <wbr key={at} />, part]));
}
