"""Marks in a changed sentence at the bounds of words: 增[长→加] reads better as [增长→增加]. Pure.

What changed is found by character (`monitor.sequences`); here a mark that cuts a word in two is widened to all of it. The
words are those that annual reports are made of; where none is known, characters are words.
"""

from collections.abc import Iterator, Sequence

from monitor.sequences import Piece

_WORDS = frozenset(
    """
    公开 主动公开 依申请公开 不予公开 部分公开 予以公开 申请 申请人 受理 受到 收到 接到 办理 处理 办结 答复 回复 回应 结转 新收 补正
    告知 撤回 撤销 维持 纠正 审结 复议 行政复议 诉讼 行政诉讼 起诉 应诉 胜诉 败诉 信访 举报 投诉 咨询 建议 提案 增长 增加 增多 增设
    增强 增幅 上升 上涨 下降 减少 降低 减幅 同比 环比 持平 较好 较上年 上年 去年 今年 本年 本年度 全年 年度 上半年 下半年 季度 月份
    日前 完成 实现 达到 超过 不足 未能 没有 存在 部分 个别 少数 多数 全部 各类 各级 各部门 单位 机关 部门 政府 人民政府 办公室 局长
    领导 小组 负责人 分管 主管 主要 重点 重大 重要 一般 信息 政府信息 文件 规范性文件 规章 制度 机制 办法 规定 条例 方案 计划 目录
    清单 指南 年报 报告 通知 公告 公示 公报 通报 意见 政策 解读 解释 说明 图解 视频 发布 公布 刊登 印发 制发 废止 失效 有效 修订
    修改 修正 制定 制作 出台 调整 更新 完善 健全 优化 改进 改善 提高 提升 加强 强化 深化 推进 推动 推行 促进 落实 贯彻 执行 实施
    开展 组织 召开 举办 举行 培训 会议 讲座 检查 抽查 督查 考核 评估 监督 监测 整改 问责 责任 追究 网站 门户 平台 栏目 专栏 新媒体
    微信 微博 公众号 客户端 热线 窗口 大厅 图书馆 档案馆 查阅点 公开栏 电话 传真 邮箱 邮件 地址 联系 联系人 邮编 群众 公众 公民 社会
    企业 市民 村民 居民 法人 自然人 组织 机构 国家 秘密 隐私 商业 第三方 安全 保密 审查 审核 审批 审计 许可 处罚 强制 收费 征收
    采购 财政 预算 决算 资金 项目 工程 建设 招标 投标 教育 医疗 卫生 就业 社保 住房 环境 环保 食品 药品 交通 水利 农业 民政 公安
    司法 问题 困难 情况 原因 经验 做法 成效 措施 下一步 今后 继续 进一步 不断 积极 认真 严格 及时 按时 逾期 超期 期限 时限 时效性
    准确 准确性 全面 规范 便捷 透明 真实 清晰 单一 薄弱 滞后 熟练 质量 数量 总数 总计 合计 共计 累计 平均 比例 满意度 满意率 覆盖率
    点击量 访问量 阅读量 关注 人次 人员 工作 工作人员 专职 兼职 队伍 业务 水平 能力 意识 认识 思想 理念 作用 服务 管理 保障 保护
    支持 配合 协调 沟通 协作 参与 参加 开放 共享 数据 统计 分析 研判 舆情 收集 整理 归档 保存 销毁 迁移 删除 屏蔽 开通 关闭 合并
    新增 新建 扩大 扩展 缩短 缩小 延长 延期 提前 推迟 暂停 恢复 取消 终止 其他 其中 以上 以下 以内 以外 以及 或者 并且 但是 由于
    因此 为了 根据 按照 依据 依法 违法 合法 合规 无法 提供 不予 不再 不存在 不掌握 掌握 另行 现成 重复 频繁 反复 大量 少量 正当 理由
    街道 社区 乡镇 全市 全县 全区 全省 全镇 本市 本县 本区 本局 本机关 我市 我县 我区 我局 我镇 第一 第二 第三 首次 再次
    """.split()  # noqa: SIM905  # as a list it could not be read
)
_LONGEST = max(map(len, _WORDS))


def worded(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces with no known word cut in two."""
    if all(piece.same for piece in pieces):
        return list(pieces)
    cuts = [_inside("".join(piece.old for piece in pieces)), _inside("".join(piece.new for piece in pieces))]
    at = [0, 0]
    found: list[Piece] = []
    for place, piece in enumerate(pieces):
        start, at = at, [at[0] + len(piece.old), at[1] + len(piece.new)]
        if not piece.same:
            _append(found, piece)
            continue
        size = len(piece.new)
        head = tail = 0
        if piece.old == piece.new:
            if place:
                head = _reach(cuts, start, 1, size)
            if place + 1 < len(pieces):
                tail = _reach(cuts, at, -1, size)
        if head + tail >= size > 0 and head and tail:
            head, tail = size, 0
        tail = min(tail, size - head)
        for same, text in ((False, piece.new[:head]), (True, ""), (False, piece.new[size - tail :] if tail else "")):
            if same and size > head + tail:
                _append(found, Piece(True, piece.old[head : len(piece.old) - tail], piece.new[head : size - tail]))
            elif text:
                _append(found, Piece(False, text, text))
    return found


def _append(found: list[Piece], piece: Piece) -> None:
    if found and found[-1].same == piece.same:
        last = found.pop()
        piece = Piece(piece.same, last.old + piece.old, last.new + piece.new)
    found.append(piece)


def _reach(cuts: Sequence[frozenset[int]], place: Sequence[int], step: int, most: int) -> int:
    """How many characters from here on belong to a word that is cut here, in either version."""
    reach = 0
    for inside, here in zip(cuts, place, strict=True):
        size = 0
        while size < most and here + step * size in inside:
            size += 1
        reach = max(reach, size)
    return reach


def _inside(text: str) -> frozenset[int]:
    """Places between two characters of one word."""
    return frozenset(_places(text))


def _places(text: str) -> Iterator[int]:
    at = 0
    while at < len(text):
        size = next((size for size in range(_LONGEST, 1, -1) if text[at : at + size] in _WORDS), 1)
        yield from range(at + 1, at + size)
        at += size
