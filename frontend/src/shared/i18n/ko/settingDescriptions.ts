/** What each setting means, by the server's own description. Only the page that lists the settings fetches these. */
export const settingDescriptions: Readonly<Record<string, string>> = {
  "Address to listen on. Local mode serves loopback addresses only.": "연결을 받을 주소. 로컬 모드에서는 루프백 주소만 됩니다.",
  "TCP port to listen on; 0 takes a free one and prints it.": "연결을 받을 TCP 포트. 0이면 빈 포트를 골라 출력합니다.",
  "Token of local mode. Empty: made at the first start and kept in the data directory.": "로컬 모드의 토큰. 비어 있으면 처음 시작할 때 만들어 데이터 폴더에 보관합니다.",
  "Where the database and the sandboxes' sockets live; mode 0700.": "데이터베이스와 샌드박스 소켓이 있는 폴더. 권한은 0700입니다.",
  "SQLAlchemy URL of the database. Empty: SQLite in the data directory.": "데이터베이스의 SQLAlchemy URL. 비어 있으면 데이터 폴더의 SQLite를 씁니다.",
  "The built front end.": "빌드된 프런트엔드.",
  "Host names that browsers may use besides the loopback ones, separated by commas.": "루프백 이름 외에 브라우저가 쓸 수 있는 호스트 이름. 쉼표로 구분합니다.",
  "Origins of other front ends that may call with a session, such as http://localhost:5173.": "세션으로 호출할 수 있는 다른 프런트엔드의 출처. 예: http://localhost:5173.",
  "Name below which previews are served, each project on a name of its own. Empty: no previews.": "미리보기를 제공할 도메인. 프로젝트마다 이름이 따로 있습니다. 비어 있으면 미리보기가 없습니다.",
  "How log lines are written. auto: for people on a terminal, as JSON elsewhere.": "로그의 형식. auto: 터미널에서는 사람이 읽게, 그 밖에는 JSON으로 씁니다.",
  "Least level that is logged.": "기록할 최소 수준.",
  "Base URL of an OpenTelemetry collector that takes traces by OTLP over HTTP. Empty: no traces.":
    "OTLP(HTTP)로 추적을 받는 OpenTelemetry 수집기의 기본 URL. 비어 있으면 추적하지 않습니다.",
  "local: one person, who holds the token that is printed at the start. hosted: accounts.": "local: 시작할 때 출력된 토큰을 가진 한 사람이 씁니다. hosted: 계정을 씁니다.",
  "Origin that people open, such as https://forge.example. With https, cookies are for TLS only.":
    "사람들이 여는 주소. 예: https://forge.example. https이면 쿠키는 TLS에서만 씁니다.",
  "How long a browser session lasts.": "브라우저 세션의 유효 기간.",
  "Who may make an account: closed (administrators make them), invite (by invitation), open (anybody).":
    "계정을 만들 수 있는 사람. closed(관리자만), invite(초대받은 사람), open(누구나).",
  "Addresses or networks of proxies whose X-Forwarded-For is believed, separated by commas.": "X-Forwarded-For를 믿을 프록시의 주소나 네트워크. 쉼표로 구분합니다.",
  "Memory that hashing a password takes, in KiB.": "비밀번호 해시에 쓰는 메모리(KiB).",
  "Passes over that memory.": "그 메모리를 훑는 횟수.",
  "Days that entries of the audit log are kept; 0: for good.": "감사 기록을 보관하는 일수. 0이면 계속 보관합니다.",
  "Bearer token that /metrics takes besides administrators, 16 characters or more. Empty: none.":
    "관리자 외에 /metrics를 읽을 수 있는 Bearer 토큰, 16자 이상. 비어 있으면 없습니다.",
  "Further port that serves /metrics alone, to whoever can reach it, without a token. 0: none.":
    "토큰 없이 /metrics만 제공하는 추가 포트. 접속할 수 있는 누구나 읽습니다. 0이면 없습니다.",
  "Address that this further port listens on.": "그 추가 포트가 연결을 받을 주소.",
  "Issuer of an OpenID Connect provider that people sign in by. Empty: passwords only.": "로그인에 쓰는 OpenID Connect 제공자의 issuer. 비어 있으면 비밀번호만 씁니다.",
  "Our client id at the provider.": "제공자에 등록된 클라이언트 id.",
  "Our client secret at the provider. Empty: a public client.": "제공자에 등록된 클라이언트 비밀 값. 비어 있으면 공개 클라이언트입니다.",
  "What the sign-in button calls the provider.": "로그인 버튼에 표시할 제공자 이름.",
  "Scopes to ask the provider for.": "제공자에 요청할 scope.",
  "Who is let in by the provider: @domain of a checked e-mail address, or claim=value; separated by commas. Empty: nobody.":
    "제공자로 들어올 수 있는 사람: 확인된 이메일의 @domain 또는 claim=value. 쉼표로 구분합니다. 비어 있으면 아무도 못 들어옵니다.",
  "Roles by claim, as claim=value:role, separated by commas; the first that fits counts, at each sign-in.":
    "claim에 따른 역할. claim=value:role 형식으로 쉼표로 구분합니다. 로그인할 때마다 처음 맞는 것을 씁니다.",
  "Claim whose values make people members of the courses that name one; a dot leads into an object.":
    "값이 강좌의 그룹과 같으면 그 강좌의 구성원이 되는 claim. 점은 객체 안을 가리킵니다.",
  "URL of the container engine. Empty: DOCKER_HOST, or its usual socket.": "컨테이너 엔진의 URL. 비어 있으면 DOCKER_HOST나 기본 소켓을 씁니다.",
  "Image that sandboxes are started from. Empty: the one that `aimforge image ensure` builds.": "샌드박스를 시작할 이미지. 비어 있으면 `aimforge image ensure`가 만든 이미지를 씁니다.",
  "The engine's runtime for sandboxes, such as crun; gVisor's, runsc, is experimental. Empty: its default.":
    "샌드박스에 쓸 엔진의 런타임. 예: crun. gVisor의 runsc는 실험적입니다. 비어 있으면 엔진의 기본값입니다.",
  "Label of this deployment's containers. Empty: derived from the data directory.": "이 배포의 컨테이너에 붙는 라벨. 비어 있으면 데이터 폴더에서 만듭니다.",
  "First of the user ids that sandboxes get, one for each project.": "샌드박스가 받는 사용자 id의 첫 번호. 프로젝트마다 하나입니다.",
  "Socket of the launcher role: there `aimforge launcher` listens, and `aimforge serve` asks it instead of the engine. Empty: the server talks to the engine itself.":
    "launcher 역할의 소켓. `aimforge launcher`가 여기에서 기다리고 `aimforge serve`는 엔진 대신 여기에 요청합니다. 비어 있으면 서버가 엔진과 직접 통신합니다.",
  "Socket of the egress role: there `aimforge egress` listens, and `aimforge serve` asks it for gates. Empty: the server opens the gates itself.":
    "egress 역할의 소켓. `aimforge egress`가 여기에서 기다리고 `aimforge serve`는 여기에 출구를 요청합니다. 비어 있으면 서버가 직접 엽니다.",
  "Where the sandboxes' sockets live, for all roles. Empty: run/ in the data directory.": "모든 역할이 쓰는 샌드박스 소켓의 폴더. 비어 있으면 데이터 폴더의 run/입니다.",
  "Key that the sandboxes' tokens are derived from, 32 characters or more, the same for all roles. Empty: made at the first start and kept in the data directory.":
    "샌드박스의 토큰을 만드는 키. 32자 이상이며 모든 역할에서 같아야 합니다. 비어 있으면 처음 시작할 때 만들어 데이터 폴더에 보관합니다.",
  "User ids that may ask the launcher and the egress role besides their own, separated by commas.":
    "자기 외에 launcher와 egress 역할에 요청할 수 있는 사용자 id. 쉼표로 구분합니다.",
  "Group whose members may reach the roles' and the agents' sockets. -1: none.": "역할과 에이전트의 소켓을 쓸 수 있는 그룹. -1이면 없습니다.",
  "User id of the egress role, which alone may bind gates. -1: the launcher's own.": "출구를 열 수 있는 유일한 사용자인 egress 역할의 id. -1이면 launcher와 같습니다.",
  "Memory of a sandbox; it has no swap.": "샌드박스의 메모리. 스왑은 없습니다.",
  "CPU cores of a sandbox.": "샌드박스의 CPU 코어 수.",
  "Processes and threads of a sandbox.": "샌드박스의 프로세스와 스레드 수.",
  "Open files of one process in a sandbox.": "샌드박스의 한 프로세스가 열 수 있는 파일 수.",
  "Shared memory of a sandbox.": "샌드박스의 공유 메모리.",
  "Size of a sandbox's /tmp, which is kept in memory.": "메모리에 있는 샌드박스 /tmp의 크기.",
  "Size of a project's workspace, kept where AIMFORGE_DISK_QUOTA is on.": "프로젝트 작업 공간의 크기. AIMFORGE_DISK_QUOTA가 켜져 있을 때 지켜집니다.",
  "Whether each workspace is a file system of its own, so that a full one harms nobody else. Needs root on the engine's machine, and holds for projects made from then on; `aimforge doctor` tells whether it can be had.":
    "작업 공간마다 별도의 파일 시스템을 둘지 여부. 하나가 가득 차도 다른 사람에게 영향이 없습니다. 엔진의 컴퓨터에서 root가 필요하고 그 뒤에 만든 프로젝트에 적용됩니다. 쓸 수 있는지는 `aimforge doctor`가 알려 줍니다.",
  "Most memory that a sandbox may be given.": "샌드박스에 줄 수 있는 최대 메모리.",
  "Most CPU cores that a sandbox may be given.": "샌드박스에 줄 수 있는 최대 CPU 코어 수.",
  "Most processes and threads that a sandbox may be given.": "샌드박스에 줄 수 있는 최대 프로세스와 스레드 수.",
  "Most open files that one process in a sandbox may be given.": "샌드박스의 한 프로세스에 줄 수 있는 최대 열린 파일 수.",
  "Most shared memory that a sandbox may be given.": "샌드박스에 줄 수 있는 최대 공유 메모리.",
  "Largest /tmp that a sandbox may be given.": "샌드박스에 줄 수 있는 /tmp의 최대 크기.",
  "Largest workspace that a project may be given.": "프로젝트에 줄 수 있는 작업 공간의 최대 크기.",
  "Idle this long, a sandbox is paused: memory stays, CPU rests.": "이만큼 쉬면 샌드박스를 일시 중지합니다. 메모리는 남고 CPU는 쉽니다.",
  "Paused this long, a sandbox is stopped: files stay.": "이만큼 일시 중지되어 있으면 샌드박스를 정지합니다. 파일은 남습니다.",
  "A sandbox older than this is stopped, whatever it does.": "이보다 오래된 샌드박스는 무엇을 하든 정지합니다.",
  "This long before a pause, people see a countdown.": "일시 중지하기 이만큼 전부터 남은 시간을 보여 줍니다.",
  "Sandboxes that may run or be paused at once; others wait their turn.": "동시에 실행되거나 일시 중지될 수 있는 샌드박스 수. 나머지는 차례를 기다립니다.",
  "Sandboxes that are started at the same time.": "동시에 시작하는 샌드박스 수.",
  "Starts that may wait; further ones are refused.": "기다릴 수 있는 시작 요청 수. 더 많으면 거절합니다.",
  "Memory of the machine that is kept available: below, idle sandboxes are paused and paused ones stopped, oldest first, and new starts wait. 0: never.":
    "컴퓨터에 남겨 둘 메모리. 이보다 적으면 오래된 것부터 쉬는 샌드박스를 일시 중지하고 일시 중지된 것을 정지하며 새 시작은 기다립니다. 0이면 하지 않습니다.",
  "Sockets that one person may have open at the same time.": "한 사람이 동시에 열 수 있는 소켓 수.",
  "A deleted project can be restored for this long.": "삭제한 프로젝트를 이 시간 동안 되살릴 수 있습니다.",
  "Time between two comparisons of the database with the engine.": "데이터베이스와 엔진을 비교하는 간격.",
  "Time between two looks at which sandboxes are idle.": "어떤 샌드박스가 쉬고 있는지 살펴보는 간격.",
  "Package index for sandboxes. Empty: that of pip's or uv's configuration on this machine.": "샌드박스가 쓸 패키지 색인. 비어 있으면 이 컴퓨터의 pip나 uv 설정을 따릅니다.",
  "How much of the network sandboxes reach: none, packages (the package index), hosts (and AIMFORGE_EGRESS_HOSTS), open (and each public host on ports 80 and 443).":
    "샌드박스가 접속할 수 있는 범위: none, packages(패키지 색인), hosts(및 AIMFORGE_EGRESS_HOSTS), open(및 모든 공개 호스트의 80번과 443번 포트).",
  "Further hosts that sandboxes may reach, as host or host:port, separated by commas; a trailing ! allows private addresses for that host.":
    "샌드박스가 더 접속할 수 있는 호스트. host 또는 host:port로 쓰고 쉼표로 구분합니다. 끝에 !를 붙이면 그 호스트의 사설 주소도 허용합니다.",
  "Bytes that may pass between a sandbox and the network in a second; 0: no limit.": "샌드박스와 네트워크 사이에 1초에 오갈 수 있는 바이트 수. 0이면 제한이 없습니다.",
  "Projects of one person, besides those that courses hand out; 0: no limit.": "강좌에서 나눠 준 것을 뺀 한 사람의 프로젝트 수. 0이면 제한이 없습니다.",
  "Sandboxes of one person that may run or be paused at once; 0: no limit but AIMFORGE_MAX_RUNNING.":
    "한 사람의 샌드박스가 동시에 실행되거나 일시 중지될 수 있는 수. 0이면 AIMFORGE_MAX_RUNNING까지입니다.",
  "Longest run of a node or a flow; one that asks for more time gets this.": "노드나 흐름의 최대 실행 시간. 더 길게 요청해도 이만큼만 줍니다.",
  "MiB of a project, packed, that an assignment or a submission may have: they are kept in the database.":
    "과제나 제출물의 압축된 프로젝트 크기 한도(MiB). 데이터베이스에 보관됩니다.",
  "Submissions that hidden tests are run on at the same time.": "숨은 검사를 동시에 실행하는 제출물 수.",
  "Time that hidden tests give each node, of the submission's and of their own, that has no limit itself.":
    "제한 시간이 없는 노드에 숨은 검사가 주는 시간. 제출물의 노드와 검사 노드 모두에 적용됩니다.",
  "Time after which the hidden tests of one submission are given up.": "제출물 하나의 숨은 검사를 포기할 때까지의 시간.",
  "Python language server. One other than pyright is in images that were built with this setting.":
    "파이썬 언어 서버. pyright가 아닌 것은 이 설정으로 만든 이미지에만 있습니다.",
  "A language server without editors ends after this many milliseconds.": "편집기가 없는 언어 서버는 이 밀리초 뒤에 끝납니다.",
  "Crashes of a language server without a healthy time in between until it is given up.": "정상 동작 없이 언어 서버가 이 횟수만큼 비정상 종료하면 포기합니다.",
  "A language server that ran this many milliseconds counts as healthy again.": "이 밀리초 동안 동작한 언어 서버는 다시 정상으로 봅니다.",
  "A terminal without input or viewers ends after this many milliseconds; 0: never.": "입력하거나 보는 사람이 없는 터미널은 이 밀리초 뒤에 끝납니다. 0이면 끝나지 않습니다.",
  "A terminal older than this many milliseconds ends; 0: never.": "이 밀리초보다 오래된 터미널은 끝납니다. 0이면 끝나지 않습니다.",
};
