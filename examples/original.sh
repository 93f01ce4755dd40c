#!/usr/bin/env bash
# The original's curl session: one whole sign-up. Needs curl and sed.
#   bash examples/original.sh
#   BASE_URL=https://beta.example.com CODE=TEST002 bash examples/original.sh
set -eu

BASE_URL=${BASE_URL:-http://127.0.0.1:8000}
CODE=${CODE:-TEST001}

# Shows an answer and ends the script where it lacks what it should have.
expect() {
  printf '%s\n%s\n\n' "$1" "$2"
  if ! printf '%s' "$2" | grep -Eq "$3"; then
    printf 'Unexpected answer: it should match %s\n' "$3" >&2
    exit 1
  fi
}

answer=$(curl -sS --max-time 10 -X POST "$BASE_URL/auth/invitation/verify" \
  -H "Content-Type: application/json" \
  -d '{"invitation_code": "'"$CODE"'"}')
expect 'POST /auth/invitation/verify' "$answer" '"valid": *true.*"sessionId": *"[0-9a-f]{32}"'

session_id=$(printf '%s' "$answer" | sed -n 's/.*"sessionId": *"\([0-9a-f]*\)".*/\1/p')

answer=$(curl -sS --max-time 10 -X PUT "$BASE_URL/auth/register/name" \
  -H "Content-Type: application/json" \
  -d '{
    "session_id": "'"$session_id"'",
    "name": "홍길동",
    "password": "securePass123!"
}')
expect 'PUT /auth/register/name' "$answer" '"ok": *true'

answer=$(curl -sS --max-time 10 -X PUT "$BASE_URL/auth/register/birthday" \
  -H "Content-Type: application/json" \
  -d '{
    "session_id": "'"$session_id"'",
    "birthday": "1990-01-01"
}')
expect 'PUT /auth/register/birthday' "$answer" '"ok": *true'

answer=$(curl -sS --max-time 10 -X PUT "$BASE_URL/auth/register/phone" \
  -H "Content-Type: application/json" \
  -d '{
    "session_id": "'"$session_id"'",
    "phone": "010-1234-5678"
}')
expect 'PUT /auth/register/phone' "$answer" '"ok": *true.*"userId": *[0-9]+'
