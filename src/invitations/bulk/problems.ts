import { problemCatalogue } from '../../problems.ts';

/** Why a bulk request cannot be carried out. */
export const bulkProblems = problemCatalogue({
  bulk_under_way: {
    status: 409,
    title: { ko: '다른 작업이 진행 중입니다', en: 'Another bulk request is running' },
    detail: {
      ko: '초대를 한꺼번에 만들거나 가져오는 다른 요청이 아직 끝나지 않았습니다. 끝난 뒤에 다시 보내세요.',
      en: 'Another request is creating or importing many invitations. Send yours again when it is done.',
    },
  },
  import_busy: {
    status: 503,
    retryAfterSeconds: 10,
    title: { ko: '다른 파일을 받는 중입니다', en: 'Other files are arriving' },
    detail: {
      ko: '다른 파일을 여러 개 받아 검사하고 있습니다. 그 파일들이 끝난 뒤에 다시 보내세요.',
      en: 'Several other files are being uploaded or checked. Send yours again when they are done.',
    },
  },
  import_refused: {
    status: 422,
    title: { ko: '파일에 고칠 곳이 있습니다', en: 'Check the file' },
    detail: {
      ko: '파일에서 {errors}곳을 고쳐야 합니다. 아무것도 저장하지 않았습니다.',
      en: 'Errors in the file: {errors}. Nothing was stored.',
    },
  },
  import_space_missing: {
    status: 507,
    title: { ko: '파일을 저장할 공간이 없습니다', en: 'No room for the file' },
    detail: {
      ko: '서버의 임시 폴더(TMPDIR)에 파일을 저장할 수 없습니다. 아무것도 저장하지 않았습니다. 서버 운영자에게 알려 주세요.',
      en: 'The server cannot write the file to its temporary folder (TMPDIR). Nothing was stored. Tell the administrator of the server.',
    },
  },
});
