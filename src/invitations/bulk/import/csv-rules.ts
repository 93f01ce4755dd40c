import { fieldRules } from '../../../problems.ts';

/** Lines below the first. */
export const maximumLines = 1_000_000;
/** Bytes of the whole file. */
export const maximumFileBytes = 64 * 2 ** 20;
/** Bytes of one line; the longest of our own have a quarter of them. */
export const maximumLineBytes = 32 * 2 ** 10;
export const maximumColumns = 200;

/** What can be wrong with a file of comma-separated values, whatever is in it. */
export const csvRules = fieldRules({
  csv_not_utf8: {
    ko: '파일이 UTF-8이 아닙니다. 스프레드시트에서 "CSV UTF-8(쉼표로 분리)"로 저장하세요.',
    en: 'The file is not UTF-8. Save it from the spreadsheet as "CSV UTF-8 (comma delimited)".',
  },
  csv_quotes: {
    ko: '따옴표가 빠졌거나 잘못된 곳에 있습니다. 쉼표, 줄바꿈, 따옴표가 있는 칸은 따옴표로 감싸고 그 안의 따옴표는 두 번 쓰세요.',
    en: 'A quotation mark is missing or in the wrong place. A cell with commas, line breaks or quotation marks stands in quotation marks, and those inside are doubled.',
  },
  csv_line_too_long: {
    ko: '한 줄이 {maximum}바이트보다 깁니다. 그 앞에 닫히지 않은 따옴표가 있을 수도 있습니다.',
    en: 'This line is longer than {maximum} bytes; or a quotation mark before it is not closed.',
  },
  csv_cells: {
    ko: '칸이 {cells}개인데 첫 줄에는 {columns}개가 있습니다.',
    en: 'This line has {cells} cells, and the first line has {columns}.',
  },
  csv_too_many_columns: { ko: '열이 {maximum}개보다 많습니다.', en: 'There are more than {maximum} columns.' },
  csv_column_missing: {
    ko: '첫 줄에는 열 이름을 쉼표로 나누어 적고, 그중 하나는 code여야 합니다.',
    en: 'The first line must name the columns, with commas between them, and one of them must be code.',
  },
  csv_column_unknown: {
    ko: '알 수 없는 열 이름입니다. 쓸 수 있는 열: {known}.',
    en: 'The first line names a column that is unknown. Known are: {known}.',
  },
  csv_column_twice: { ko: '이 열 이름이 첫 줄에 두 번 나옵니다.', en: 'The first line names this column twice.' },
  csv_too_many_lines: {
    ko: '줄이 {maximum}개보다 많습니다. 파일을 나누어 보내세요.',
    en: 'There are more than {maximum} lines. Send the file in parts.',
  },
});
